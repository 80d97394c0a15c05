import { createHash } from 'node:crypto';
import type { Channel, GetMessage } from 'amqplib';
import type { DeadLetter } from '../../contracts/admin.ts';
import type { DeadLetterChoice } from '../../ports/jobQueue.ts';
import type { Logger } from '../../runtime/logger.ts';
import { eventCodec, taskCodec } from '../messageCodec.ts';
import { type Broker, closeQuietly, openChannel } from './broker.ts';
import type { Publisher } from './publisher.ts';
import type { Topology } from './topology.ts';

/** Where a message came from, for those that this driver and not RabbitMQ moved to the dead letters. */
export const ORIGIN_HEADER = 'x-reelmill-origin';
export const DIED_AT_HEADER = 'x-reelmill-died-at';

const MAX_LETTERS = 1_000;
const MAX_BODY_CHARACTERS = 20_000;

interface Context {
  broker: Broker;
  topology: Topology;
  publisher: Publisher;
  logger: Logger;
}

/** The oldest dead letters; they stay where they are. */
export async function peekDeadLetters(context: Context, limit: number): Promise<DeadLetter[]> {
  return onOwnChannel(context, async (channel) => {
    const letters: GetMessage[] = [];
    while (letters.length < Math.min(limit, MAX_LETTERS)) {
      const letter = await channel.get(context.topology.deadLetters);
      if (letter === false) break;
      letters.push(letter);
    }
    if (letters.length > 0) channel.nackAll(true);
    return letters.map((letter) => serializeDeadLetter(letter, context.topology));
  });
}

/** Each letter is taken out only after its queue has confirmed it, so that a failure loses none. */
export function replayDeadLetters(context: Context, choice: DeadLetterChoice): Promise<number> {
  return takeDeadLetters(context, choice, (letter) =>
    context.publisher.publish(
      { exchange: '', routingKey: originOf(letter, context.topology), mandatory: true },
      letter.content.toString('utf8'),
    ),
  );
}

export function discardDeadLetters(context: Context, choice: DeadLetterChoice): Promise<number> {
  return takeDeadLetters(context, choice, async () => {});
}

async function takeDeadLetters(
  context: Context,
  { limit, ids }: DeadLetterChoice,
  handle: (letter: GetMessage) => Promise<void>,
): Promise<number> {
  const wanted = ids && new Set(ids);
  return onOwnChannel(context, async (channel) => {
    const { messageCount } = await channel.checkQueue(context.topology.deadLetters);
    let taken = 0;
    // no more than were there: an invalid one is dead-lettered again at once
    for (let seen = 0; seen < messageCount && taken < limit; seen += 1) {
      const letter = await channel.get(context.topology.deadLetters);
      if (letter === false) break;
      if (wanted !== undefined && !wanted.has(idOf(letter))) continue;
      await handle(letter);
      channel.ack(letter);
      taken += 1;
    }
    return taken;
  });
}

/** Closing the channel requeues whatever was taken and not acknowledged. */
async function onOwnChannel<T>(context: Context, work: (channel: Channel) => Promise<T>): Promise<T> {
  const model = context.broker.requireModel();
  let channel: Channel | undefined;
  try {
    channel = await openChannel(model);
    return await work(channel);
  } catch (error) {
    throw context.broker.unavailable(error);
  } finally {
    if (channel !== undefined) await closeQuietly(channel);
  }
}

function originOf(letter: GetMessage, topology: Topology): string {
  const headers = letter.properties.headers ?? {};
  const origin = headers[ORIGIN_HEADER] ?? headers['x-first-death-queue'];
  return origin === topology.events ? topology.events : topology.tasks;
}

function idOf({ properties, content }: GetMessage): string {
  return String(properties.messageId ?? createHash('sha256').update(content).digest('hex').slice(0, 16));
}

function serializeDeadLetter(letter: GetMessage, topology: Topology): DeadLetter {
  const body = letter.content.toString('utf8');
  const queue = originOf(letter, topology);
  const decoded = (queue === topology.events ? eventCodec : taskCodec).decode(body);
  return {
    id: idOf(letter),
    queue,
    reason: decoded.ok ? 'refused by its handler' : decoded.reason,
    died_at: diedAt(letter),
    body: body.slice(0, MAX_BODY_CHARACTERS),
  };
}

function diedAt(letter: GetMessage): string | null {
  const headers = letter.properties.headers ?? {};
  const own: unknown = headers[DIED_AT_HEADER];
  if (typeof own === 'string') return own;
  const seconds = headers['x-death']?.[0]?.time.value;
  return seconds === undefined ? null : new Date(seconds * 1000).toISOString();
}
