import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selectFairly, type WaitingTask } from './fairSelection.ts';

const NOW = 1_000_000_000;

function tasksOf(
  videoId: number,
  positions: number[],
  { availableAtMs = NOW - 1000, priority = 0, userId = 1 } = {},
): WaitingTask[] {
  return positions.map((position) => ({
    id: videoId * 1000 + position,
    userId,
    videoId,
    position,
    availableAtMs,
    priority,
  }));
}

const choose = (waiting: WaitingTask[], inFlight: [number, number][], slots: number) =>
  selectFairly(waiting, { ofUser: new Map(), ofVideo: new Map(inFlight) }, { slots, nowMs: NOW }).map(
    ({ videoId, position }) => [videoId, position],
  );

test('a new video goes before the next chunk of a long film', () => {
  const film = tasksOf(1, [40, 41, 42, 43]);
  assert.deepEqual(choose([...film, ...tasksOf(2, [0])], [[1, 3]], 2), [
    [2, 0],
    [1, 40],
  ]);
});

test('videos take turns, each with its earliest task', () => {
  const waiting = [...tasksOf(1, [7, 5, 6]), ...tasksOf(2, [3, 2])];
  assert.deepEqual(choose(waiting, [], 4), [
    [2, 2],
    [1, 5],
    [2, 3],
    [1, 6],
  ]);
});

test('a video that has more in the farm waits for the others to catch up', () => {
  const waiting = [...tasksOf(1, [1, 2, 3]), ...tasksOf(2, [8, 9])];
  assert.deepEqual(choose(waiting, [[1, 2]], 3), [
    [2, 8],
    [2, 9],
    [1, 1],
  ]);
});

test('of equals the older goes first', () => {
  const waiting = [
    ...tasksOf(2, [1], { availableAtMs: NOW - 10 }),
    ...tasksOf(1, [1], { availableAtMs: NOW - 5 }),
  ];
  assert.deepEqual(choose(waiting, [], 2), [
    [2, 1],
    [1, 1],
  ]);
});

test('a task that waited for minutes is no longer pushed back by newcomers', () => {
  const film = tasksOf(1, [90], { availableAtMs: NOW - 600_000 });
  const clips = [2, 3, 4].flatMap((videoId) => tasksOf(videoId, [0]));
  assert.deepEqual(choose([...clips, ...film], [], 1), [[1, 90]]);
});

test('priority goes before turns and before age', () => {
  const urgent = tasksOf(1, [50, 51], { priority: 1 });
  const aged = tasksOf(2, [0], { availableAtMs: NOW - 600_000 });
  const idle = tasksOf(3, [0], { availableAtMs: NOW - 900_000, priority: -1, userId: 2 });
  assert.deepEqual(choose([...idle, ...aged, ...urgent], [[1, 9]], 4), [
    [1, 50],
    [1, 51],
    [2, 0],
    [3, 0],
  ]);
});

test('no slots, no choice', () => {
  assert.deepEqual(choose(tasksOf(1, [0]), [], 0), []);
});

/** Which users' tasks are chosen, in order. */
const chooseUsers = (
  waiting: WaitingTask[],
  ofUser: [number, number][],
  slots: number,
  limits: [number, number][] = [],
) =>
  selectFairly(
    waiting,
    { ofUser: new Map(ofUser), ofVideo: new Map() },
    { slots, nowMs: NOW, limitOfUser: new Map(limits) },
  ).map(({ userId }) => userId);

/** Hundreds of videos of user 1, each at its first task. */
const flood = Array.from({ length: 300 }, (_, n) =>
  tasksOf(n + 1, [0], { availableAtMs: NOW - 9_000_000 }),
).flat();

test('one clip of a user goes before the second of hundreds of videos of another', () => {
  const clip = tasksOf(900, [4], { userId: 2 });
  assert.deepEqual(chooseUsers([...flood, ...clip], [], 3), [1, 2, 1]);
  assert.deepEqual(chooseUsers([...flood, ...clip], [[1, 6]], 1), [2]);
});

test('users who wait together share the slots equally, and one alone gets them all', () => {
  const others = [2, 3].flatMap((userId) => tasksOf(900 + userId, [0, 1, 2, 3, 4], { userId }));
  const chosen = chooseUsers([...flood, ...others], [[1, 2]], 9);
  const count = (userId: number) => chosen.filter((one) => one === userId).length;
  assert.deepEqual([count(1), count(2), count(3)], [2, 4, 3]);
  assert.equal(chooseUsers(flood, [[1, 20]], 9).length, 9);
});

test('many accounts with a first task each do not keep a user who has nothing in the farm waiting', () => {
  const accounts = Array.from({ length: 200 }, (_, n) => tasksOf(n + 1, [0], { userId: n + 10 })).flat();
  const older = tasksOf(900, [3], { userId: 2, availableAtMs: NOW - 130_000 });
  assert.equal(chooseUsers([...accounts, ...older], [], 1)[0], 2);
});

test('a user never has more in flight than their limit, and leaves the slots to others', () => {
  const other = tasksOf(900, [0, 1, 2, 3], { userId: 2 });
  assert.deepEqual(chooseUsers([...flood, ...other], [[1, 1]], 9, [[1, 2]]), [2, 1, 2, 2, 2]);
  assert.deepEqual(chooseUsers(flood, [[1, 2]], 9, [[1, 2]]), []);
});
