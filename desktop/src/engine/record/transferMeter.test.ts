import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TransferMeter } from './transferMeter.ts';

test('does not count buffered bytes before the part is acknowledged', () => {
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

test('does not count the bytes of a failed part', () => {
  const meter = new TransferMeter(0);
  meter.send(1, 300);
  meter.send(2, 200);
  meter.drop(1);
  assert.equal(meter.sentBytes, 200);
});

test('measures the speed of the last seconds, without bytes that were kept', () => {
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

test('has no remaining time while nothing is being sent', () => {
  const meter = new TransferMeter(0);
  meter.sample(0);
  meter.sample(1_000);
  assert.equal(meter.speed, 0);
  assert.equal(meter.etaSeconds(100), null);
});
