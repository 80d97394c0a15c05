import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkOf } from './clientNetwork.ts';

test('an IPv4 address is its own network, in every notation', () => {
  assert.equal(networkOf('192.0.2.7'), '192.0.2.7');
  assert.equal(networkOf('::ffff:192.0.2.7'), '192.0.2.7');
});

test('every IPv6 address of one customer is the same network', () => {
  assert.equal(networkOf('2001:db8:1:2:aaaa::1'), '2001:db8:1:2::/64');
  assert.equal(networkOf('2001:0db8:0001:0002:bbbb:cccc:dddd:eeee'), '2001:db8:1:2::/64');
  assert.equal(networkOf('::1'), '0:0:0:0::/64');
});

test('anything but an address is unknown, however long it is', () => {
  for (const text of ['', 'unknown', 'x'.repeat(1_000), '1.2.3', '\0'])
    assert.equal(networkOf(text), 'unknown');
});
