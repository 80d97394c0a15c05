import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TransferMeter } from './transferMeter.ts';

test('what may still lie in a buffer is not counted before the part is acknowledged', () => {
  const meter = new TransferMeter(100);
  meter.send(1, 80);
  assert.equal(meter.sentBytes, 0);
  meter.send(1, 420);
  assert.equal(meter.sentBytes, 400);
  assert.equal(meter.acknowledgedBytes, 0);
  meter.acknowledge(1, 500);
  assert.equal(meter.sentBytes, 500);
  assert.equal(meter.acknowledgedBytes, 500);
});

test('a part that did not arrive was not sent', () => {
  const meter = new TransferMeter(0);
  meter.send(1, 300);
  meter.send(2, 200);
  meter.drop(1);
  assert.equal(meter.sentBytes, 200);
});

test('speed is that of the last seconds, without what was there before', () => {
  const meter = new TransferMeter(0);
  meter.reset(10_000);
  assert.equal(meter.speed, null);
  for (let second = 0; second <= 20; second++) {
    meter.sample(second * 1_000);
    meter.send(1, second < 10 ? 1_000 : 100);
  }
  assert.equal(meter.speed, 100);
  assert.equal(meter.etaSeconds(meter.sentBytes + 500), 5);
});

test('where nothing moves there is no time to name', () => {
  const meter = new TransferMeter(0);
  meter.sample(0);
  meter.sample(1_000);
  assert.equal(meter.speed, 0);
  assert.equal(meter.etaSeconds(100), null);
});
