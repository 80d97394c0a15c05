import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, Socket } from 'node:net';
import { test } from 'node:test';
import { ConnectionGuard } from './connectionLimits.ts';

/** A connection from this address, as the server sees it. */
function connectFrom(server: Server, remoteAddress: string): Socket {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: remoteAddress });
  server.emit('connection', socket);
  return socket;
}

/** The code with which a request over this connection is rejected; null where it is served. */
function rejectionOf(guard: ConnectionGuard, socket: Socket): string | null {
  let body = '';
  const response = { writeHead: () => response, end: (text: string) => (body = text) };
  // of a response only these two methods are used
  return guard.reject(socket, response as never) ? JSON.parse(body).error.code : null;
}

test('rejects connections of one address beyond its limit, and counts an IPv6 network as one address', async () => {
  const server = createServer();
  const guard = new ConnectionGuard(server, { maxConnections: 0, maxPerAddress: 2 });
  const first = connectFrom(server, '203.0.113.7');
  assert.equal(rejectionOf(guard, connectFrom(server, '::ffff:203.0.113.7')), null);
  assert.equal(rejectionOf(guard, connectFrom(server, '203.0.113.7')), 'rate_limited');
  assert.equal(rejectionOf(guard, connectFrom(server, '203.0.113.8')), null);
  connectFrom(server, '2001:db8::1');
  connectFrom(server, '2001:db8::2');
  assert.equal(rejectionOf(guard, connectFrom(server, '2001:db8::3')), 'rate_limited');
  assert.equal(rejectionOf(guard, connectFrom(server, '2001:db8:0:1::3')), null);
  first.destroy();
  await once(first, 'close');
  assert.equal(rejectionOf(guard, connectFrom(server, '203.0.113.7')), null, 'one was closed');
});

test('reserves connections for programs of this machine when all others are in use', () => {
  const server = createServer();
  const guard = new ConnectionGuard(server, { maxConnections: 2, maxPerAddress: 0 });
  connectFrom(server, '203.0.113.7');
  connectFrom(server, '203.0.113.8');
  assert.equal(rejectionOf(guard, connectFrom(server, '203.0.113.9')), 'unavailable');
  assert.equal(rejectionOf(guard, connectFrom(server, '127.0.0.1')), null);
});

test('one address that keeps its rejected connections open does not affect others', () => {
  const server = createServer();
  const guard = new ConnectionGuard(server, { maxConnections: 50, maxPerAddress: 10 });
  const sockets = Array.from({ length: 500 }, () => connectFrom(server, '203.0.113.7'));
  const rejected = sockets.filter((socket) => rejectionOf(guard, socket) === 'rate_limited');
  const cutOff = sockets.filter((socket) => socket.destroyed);
  assert.deepEqual([rejected.length, cutOff.length], [5, 485]);
  assert.equal(rejectionOf(guard, connectFrom(server, '203.0.113.8')), null);
  assert.equal(rejectionOf(guard, connectFrom(server, '127.0.0.1')), null);
  for (const socket of sockets) socket.destroy();
});

test('responds to a rejected connection with 503 and Retry-After and closes it', async () => {
  const server = createServer((request, response) => {
    if (!guard.reject(request.socket, response)) response.end('served');
  });
  const guard = new ConnectionGuard(server, { maxConnections: 1, maxPerAddress: 0 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const sockets = Array.from({ length: 52 }, () => connect(address.port, '127.0.0.1'));
  try {
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    sockets.at(-1)?.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    let text = '';
    for await (const chunk of sockets.at(-1)?.setEncoding('utf8') ?? []) text += chunk;
    assert.match(text, /^HTTP\/1\.1 503 [\s\S]*Retry-After: 5[\s\S]*Connection: close[\s\S]*"unavailable"/);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});
