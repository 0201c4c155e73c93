// The shop's HTTP API: who asks, problem documents as errors, server-sent events as they come.
const SILENCE = 45_000; // ms without a word or a heartbeat: the line is cut

const WAITING = ["in-flight", "busy", "too-many-requests"]; // problems that go away by themselves

// What the server answered instead; `kind` is the end of a problem document's type, empty where a proxy answered.
export class Problem extends Error {
  constructor({ type = "", status }, seconds = 0) {
    super(`the server answered ${status} ${type}`);
    Object.assign(this, { status, seconds, kind: type.split(":").pop() });
  }

  get maySendAgain() {
    return this.kind ? WAITING.includes(this.kind) : this.status > 501;
  }
}

export class Unreached extends Error {
  maySendAgain = true;
}

async function problemOf(response) {
  const told = await response.json().catch(() => ({}));
  return new Problem({ type: told.type, status: response.status }, Number(response.headers.get("retry-after")));
}

export const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export class Api {
  #given; // the customer's token, as the shop's page gave it
  #fetched; // the same from the shop's own address

  constructor(base, memory, tokenUrl) {
    Object.assign(this, { base, memory, tokenUrl });
  }

  identify(token) {
    this.#given = token;
    this.#fetched = undefined;
  }

  get = (path) => this.json("GET", path);

  async json(method, path, body, key = newKey()) {
    const response = await this.send(method, path, { body, key });
    return response.status === 204 ? null : response.json();
  }

  // [name, data] of each event, and "replayed" before the events of what was answered already.
  async *events(path, body, key) {
    const line = new AbortController();
    let timer;
    const alive = () => (clearTimeout(timer), (timer = setTimeout(() => line.abort(), SILENCE)));
    alive();
    try {
      const response = await this.send("POST", path, { body, key, accept: "text/event-stream", signal: line.signal });
      if (response.headers.get("idempotent-replayed") === "true") yield ["replayed", true];
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let held = ""; ; ) {
        const { value, done } = await reader.read();
        if (done) return;
        alive();
        const blocks = (held + value).replace(/\r/g, "").split("\n\n");
        held = blocks.pop();
        for (const block of blocks) {
          const data = [...block.matchAll(/^data: ?(.*)$/gm)].map((found) => found[1]).join("\n");
          if (data) yield [/^event: ?(.*)$/m.exec(block)?.[1], JSON.parse(data)];
        }
      }
    } catch (error) {
      throw error instanceof Problem ? error : new Unreached(error.message);
    } finally {
      clearTimeout(timer);
    }
  }

  async send(method, path, { body, key, accept = "application/json", signal } = {}, isAgain = false) {
    const headers = { accept, authorization: `Bearer ${await this.#token(isAgain)}` };
    if (body !== undefined) headers["content-type"] = "application/json";
    if (method !== "GET") headers["idempotency-key"] = key;
    const response = await reach(this.base + path, { method, headers, body: JSON.stringify(body), signal });
    if (response.ok) return response;
    if (response.status === 401 && !isAgain && !this.#given)
      return this.send(method, path, { body, key, accept, signal }, true);
    throw await problemOf(response);
  }

  // The customer's where the shop has signed one in, else this browser's own visitor's; `isAgain`: the last was refused.
  async #token(isAgain) {
    if (this.#given) return this.#given;
    if (this.tokenUrl && (isAgain || this.#fetched === undefined)) {
      const response = await reach(this.tokenUrl, { credentials: "include", headers: { accept: "application/json" } });
      this.#fetched = response.ok && response.status !== 204 ? ((await response.json()).token ?? null) : null;
    }
    if (this.#fetched) return this.#fetched;
    if (isAgain || !this.memory.read().token) {
      const response = await reach(`${this.base}v1/visitors`, { method: "POST" });
      if (!response.ok) throw await problemOf(response);
      this.memory.write({ token: (await response.json()).token });
    }
    return this.memory.read().token;
  }
}

async function reach(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    throw new Unreached(error.message);
  }
}
