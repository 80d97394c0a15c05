/**
 * Polls `GET /api/v1/videos/:id` of a server on this machine and prints what came of it as JSON. Speaks HTTP itself, so
 * that it costs a fraction of what the server does.
 *
 *   TOKEN=… node test/bench/pollVideos.ts PORT FIRST_ID LAST_ID (SECONDS | once)
 */
import { connect, type Socket } from 'node:net';
import { createHistogram } from 'node:perf_hooks';

const CONNECTIONS = 16;
const END_OF_HEAD = '\r\n\r\n';

const [port = 0, firstId = 0, lastId = 0] = process.argv.slice(2, 5).map(Number);
const duration = process.argv[5] ?? '';
const latencies = createHistogram();
let nextId = firstId;

/** Every id in its turn, or any for as long as it is meant to last; null at the end. */
const chooseId = duration === 'once' ? takeNext : takeAny(performance.now() + Number(duration) * 1000);

const begun = performance.now();
await Promise.all(Array.from({ length: CONNECTIONS }, pollOverOneConnection));
const seconds = (performance.now() - begun) / 1000;
const milliseconds = (percentile: number): number => latencies.percentile(percentile) / 1e6;
console.log(
  JSON.stringify({ polls: latencies.count, seconds, p50Ms: milliseconds(50), p99Ms: milliseconds(99) }),
);

function takeNext(): number | null {
  if (nextId > lastId) return null;
  nextId += 1;
  return nextId - 1;
}

function takeAny(end: number): () => number | null {
  return () =>
    performance.now() < end ? firstId + Math.floor(Math.random() * (lastId - firstId + 1)) : null;
}

async function pollOverOneConnection(): Promise<void> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  try {
    for (let id = chooseId(); id !== null; id = chooseId()) {
      const asked = process.hrtime.bigint();
      await poll(socket, id);
      latencies.record(process.hrtime.bigint() - asked);
    }
  } finally {
    socket.destroy();
  }
}

/** Resolves when the whole answer is there; rejects where it is not 200. */
function poll(socket: Socket, id: number): Promise<void> {
  socket.write(
    `GET /api/v1/videos/${id} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${process.env.TOKEN}${END_OF_HEAD}`,
  );
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      socket.off('data', read).off('error', settle).off('close', onClose);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onClose = (): void => settle(new Error('the server closed the connection'));
    let answer: Buffer = Buffer.alloc(0);
    const read = (data: Buffer): void => {
      answer = answer.length === 0 ? data : Buffer.concat([answer, data]);
      const headLength = answer.indexOf(END_OF_HEAD);
      if (headLength < 0) return;
      const head = answer.toString('latin1', 0, headLength);
      const bodyLength = Number(/content-length: (\d+)/i.exec(head)?.[1]);
      if (!head.startsWith('HTTP/1.1 200 ')) settle(new Error(head));
      else if (answer.length === headLength + END_OF_HEAD.length + bodyLength) settle();
    };
    socket.on('data', read).on('error', settle).on('close', onClose);
  });
}
