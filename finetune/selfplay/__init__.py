"""Self-play: simulated customers of a shop talk to the agent's own parts; what is verified becomes training samples.

    python -m finetune play --shop shop --consultations 2000 --out runs/play.jsonl
    python -m finetune play --random-shops 60 --consultations 6000 --out runs/random.jsonl
    python -m finetune play --random-shops 3 --dry 5                    read what would be said
    python -m finetune shops --count 20 --verticals held-out --out runs/shops

From the shop to the sample: `shops` draws whole shop directories from a bank of verticals and aspects (`HELD_OUT` names
those that only evals sell), or invents customers for the shop that is given, whose own ones are never played; `topics`
reads what a shop's files declare, and finds words for it in the bank; `customer` plans a consultation (`shopping`,
`requests`, `refining`, `stating`, `ordering`, `scenarios`; each says its rules of the gold calls); `words` has the
phrases, the voices and the typos; `stage` opens a shop, `rehearsal` runs the gold calls on the agent's own parts,
`verify` compares each turn with what was meant; `runner` does so for many shops in many processes. A consultation takes
about 33 ms of one core, a random shop about 3 s to open.

For evals: `make_shop(folder, seed, number, "held-out")` writes a shop; `with open_stage(shop) as stage:` opens it;
`stage.plans(numbers, seed, Habits())` gives customers and their `Step`s (text, gold calls or words), a consultation
each, `stage.expected(customer, steps)` the orders and traits that it should leave (None where a turn cannot do
what it was meant to), `end_state(services, customer)` those that another run has left, and `step.answer` is
the gold message for `agent.models.scripted`, behind the agent's whole graph.
"""
