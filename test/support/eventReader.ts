import assert from 'node:assert/strict';

/** Reads server-sent events one by one. */
export class EventReader {
  readonly #events: AsyncGenerator<unknown>;

  private constructor(body: ReadableStream<Uint8Array>) {
    this.#events = readEvents(body);
  }

  /** Everything has to come within `timeoutMs`. */
  static async open(url: string, token?: string, timeoutMs = 60_000): Promise<EventReader> {
    const response = await fetch(url, {
      headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(timeoutMs),
    });
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
    assert.ok(response.body);
    return new EventReader(response.body);
  }

  /** The next event's data, or null when the server has ended the stream. */
  async next(): Promise<unknown> {
    const { done, value } = await this.#events.next();
    return done ? null : value;
  }

  /** Ends the connection without waiting for the server to do so. */
  async close(): Promise<void> {
    await this.#events.return(undefined);
  }
}

async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<unknown> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = block.split('\n').filter((line) => line.startsWith('data: '));
      if (data.length > 0) yield JSON.parse(data.map((line) => line.slice(6)).join('\n'));
    }
  }
}
