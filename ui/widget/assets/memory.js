// What stays in this browser from one page of the shop to the next: a visitor's token, and the talks, this one first.
const MOST_TALKS = 4; // a visitor's, and those of the customers who they turned out to be

export function memory(base) {
  const name = `shopkeeper:${base}`;
  let held = {};
  const read = () => {
    try {
      held = JSON.parse(localStorage.getItem(name)) ?? {};
    } catch {} // nothing may be kept here: it lasts as long as the page
    return { token: null, talks: [], ...held };
  };
  const write = (changes) => {
    held = { ...read(), ...changes };
    try {
      localStorage.setItem(name, JSON.stringify(held));
    } catch {}
  };
  return {
    read,
    write,
    // {id, customer, greeting, outbox: what waits to be sent, shown: the products of the last answer}
    get talk() {
      return read().talks[0] ?? { outbox: [] };
    },
    note: (changes) => write({ talks: read().talks.map((talk, place) => (place ? talk : { ...talk, ...changes })) }),
    first: (talk) => write({ talks: [talk, ...read().talks.filter((one) => one.id !== talk.id)].slice(0, MOST_TALKS) }),
  };
}
