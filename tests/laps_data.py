"""Invented consultations of the LAPS form, for tests: two people, two topics."""

import json
from pathlib import Path
from typing import Any

DINNER = {
    "dialogue": [
        {"role": "Assistant", "turn_number": 0, "message": "Hello! Any allergies? https://example.org/a"},
        {"role": "User", "turn_number": 1, "message": "No. I adore Mushrooms and lentil soup, but not olives"},
        {"role": "Assistant", "turn_number": 2, "message": "Is it a meal for two people?"},
        {"role": "User", "turn_number": 3, "message": "Yes it is, and I have about forty minutes"},
        {"role": "Assistant", "turn_number": 4, "message": "Here is one. Enjoy!"},
        {"role": "User", "turn_number": 5, "message": "Thank you"},
    ],
    "preferences": {
        "allergies": ["no allergies"],
        "ingredient_like": ["mushroom", "Mushrooms"],
        "ingredient_dislike": ["olives"],
        "dish_like": ["lentil soup"],
        "companions": ["two people"],
        "time_availability": ["forty minutes or so"],
        "health_goals": ["run a marathon"],
    },
    "task_setting": "dinner",
}
EVENING = {
    "dialogue": [
        {"role": "User", "turn_number": 0, "message": "A film for tonight, it's just me. Something funny!"},
        {"role": "Assistant", "turn_number": 1, "message": "How about The Paper Boat?"},
        {"role": "User", "turn_number": 2, "message": "Sounds great"},
    ],
    "preferences": {"viewing_companions": ["alone"], "genre_like": ["funny"], "movie_like": ["The Paper Boat"]},
}


def workers(topic: str, *sessions: dict[str, Any]) -> list[dict[str, Any]]:
    """What one file holds."""
    return [{"worker_id": f"w-{topic}", "topic": topic, "sessions": list(sessions)}]


def write_laps(folder: Path) -> Path:
    """A directory of two files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "food.json").write_text(json.dumps(workers("recipe", DINNER)), encoding="utf-8")
    (folder / "films.json").write_text(json.dumps(workers("movie", EVENING)), encoding="utf-8")
    return folder
