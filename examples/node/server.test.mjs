import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';

import { Engine } from 'llm-policy-engine';

import { app, policies } from './server.js';

test('the example service', async (t) => {
  const engine = new Engine(policies, { handles: ['route'] });
  const server = createServer(app(engine)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
  t.mock.method(console, 'log', () => {});

  const ask = async (user, content, model = 'large') => {
    const answer = await fetch(`http://127.0.0.1:${server.address().port}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-user': user },
      body: JSON.stringify({ model, messages: [{ role: 'user', content }] }),
    });
    const { error, choices, model: by } = await answer.json();
    return { status: answer.status, error, by, says: choices?.[0].message.content };
  };

  assert.deepEqual(await ask('ann', 'Hello!'), { status: 200, error: undefined, by: 'small', says: 'You said: Hello!' });
  assert.equal((await ask('bob', 'Hello!')).by, 'large');
  assert.deepEqual((await ask('eve', 'Hello!')).error, { message: 'Please sign in.', type: 'policy', code: 'sign_in' });
  assert.equal((await ask('bob', 'What is project  Aurora?')).error.code, 'code_name');
  const held = await ask('bob', 'where is the database?');
  assert.deepEqual([held.status, held.error.message, held.says], [403, 'The answer was held back.', undefined]);
  assert.equal((await ask('bob', 'refund 50')).says, 'Done: 50 refunded');
  assert.equal((await ask('bob', 'refund 500')).says, 'Done: not allowed (refund_amount)');
  assert.equal((await ask('ann', 'refund 50')).says, 'Done: not allowed (refund)');
  assert.equal(console.log.mock.callCount() > 10, true);
});
