import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventCodec, type MessageCodec, taskCodec } from './messageCodec.ts';

// texts as servers and workers of the version before wrote them

const RELEASED_BEFORE =
  '{"v":1,"workerId":"w1","at":"2026-11-01T10:00:00.000Z","taskId":7,"videoId":3,' +
  '"leaseToken":"3fa9c2d1-e0b7-4c55-8d1a-0123456789ab","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",' +
  '"type":"handed_back","redelivered":true}';

const UNHEALTHY_BEFORE =
  '{"v":1,"workerId":"w1","at":"2026-11-01T10:00:00.000Z","type":"heartbeat","host":"farm-1","cpus":8,"version":"0.9.0",' +
  '"startedAt":"2026-11-01T09:00:00.000Z","state":"sick","taskId":null,"reason":"sick"}';

const EXCLUDING_BEFORE =
  '{"v":1,"taskId":7,"videoId":3,"leaseToken":"3fa9c2d1-e0b7-4c55-8d1a-0123456789ab","attempt":2,"requestId":null,' +
  '"verifyAll":true,"tag":"7-3fa9c2d1e0b7","notWorkers":["w1","handed_back"],' +
  '"spec":{"kind":"inspect","source":{"key":"raw/3/a.mov","sizeBytes":5}}}';

const UNCHANGED = [
  '{"v":1,"workerId":"w1","at":"2026-11-01T10:00:00.000Z","type":"heartbeat","host":"sick","cpus":8,"version":"0.9.0",' +
    '"startedAt":"2026-11-01T09:00:00.000Z","state":"busy","taskId":7,"reason":null}',
  '{"v":1,"workerId":"w1","at":"2026-11-01T10:00:00.000Z","taskId":7,"videoId":3,' +
    '"leaseToken":"3fa9c2d1-e0b7-4c55-8d1a-0123456789ab","type":"failed","error":{"code":"internal","message":"handed_back",' +
    '"retryable":true,"diagnostics":"sick"}}',
];

const RENAMED = [
  {
    name: 'released',
    codec: eventCodec,
    before: RELEASED_BEFORE,
    after: RELEASED_BEFORE.replace('"handed_back"', '"released"'),
  },
  {
    name: 'unhealthy',
    codec: eventCodec,
    before: UNHEALTHY_BEFORE,
    after: UNHEALTHY_BEFORE.replace('"state":"sick"', '"state":"unhealthy"'),
  },
  {
    name: 'excludedWorkers',
    codec: taskCodec,
    before: EXCLUDING_BEFORE,
    after: EXCLUDING_BEFORE.replace('"notWorkers"', '"excludedWorkers"'),
  },
] as const;

function decode<T>(codec: MessageCodec<T>, text: string): T {
  const decoded = codec.decode(text);
  assert.ok(decoded.ok, decoded.ok ? '' : decoded.reason);
  return decoded.message;
}

for (const { name, codec, before, after } of RENAMED) {
  describe(`the name ${name}`, () => {
    test('is read from a message of the version before', () => {
      assert.deepEqual(decode<unknown>(codec, before), JSON.parse(after));
    });

    test('is read from a message of the next version', () => {
      assert.deepEqual(decode<unknown>(codec, after), JSON.parse(after));
    });

    test('is written as the version before reads it', () => {
      const text =
        codec === taskCodec
          ? taskCodec.encode(decode(taskCodec, after))
          : eventCodec.encode(decode(eventCodec, after));
      assert.deepEqual(JSON.parse(text), JSON.parse(before));
    });
  });
}

test('the same words elsewhere in an event stay as they are, in both directions', () => {
  for (const text of UNCHANGED) {
    const event = decode(eventCodec, text);
    assert.deepEqual(event, JSON.parse(text));
    assert.deepEqual(JSON.parse(eventCodec.encode(event)), JSON.parse(text));
  }
});

test('what is no object is rejected with the reason', () => {
  for (const text of ['null', '7', '["handed_back"]', '"sick"']) {
    assert.equal(eventCodec.decode(text).ok, false, text);
    assert.equal(taskCodec.decode(text).ok, false, text);
  }
});
