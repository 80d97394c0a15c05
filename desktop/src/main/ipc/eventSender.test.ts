import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventSender, type EventTarget } from './eventSender.ts';

test('sends events to a live page only', () => {
  const sent: unknown[][] = [];
  const page = { destroyed: false, crashed: false };
  let target: EventTarget | null = null;
  const events = new EventSender(() => target);
  const navigate = (): void => events.send('app.navigate', { view: 'library', videoId: 3 });

  navigate();
  target = {
    isDestroyed: () => page.destroyed,
    isCrashed: () => page.crashed,
    send: (...args) => void sent.push(args),
  };
  navigate();
  page.crashed = true;
  navigate();
  Object.assign(page, { crashed: false, destroyed: true });
  navigate();
  assert.deepEqual(sent, [['reelmill:event', 'app.navigate', { view: 'library', videoId: 3 }]]);
});
