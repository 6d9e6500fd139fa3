// A chat service: the request is judged before the model sees it, each tool call before it runs, the answer before it goes out.
//
//   npm install && npm start
//   curl localhost:8080/v1/chat/completions -H 'x-user: ann' -H 'content-type: application/json' \
//     -d '{"model": "large", "messages": [{"role": "user", "content": "Hello!"}]}'

import { fileURLToPath } from 'node:url';

import express from 'express';
import { Engine } from 'llm-policy-engine';
import { policyGuard } from 'llm-policy-engine/express';

import { complete } from './model.js';

/** What stands for a login: real services ask their session store or check a token. */
const USERS = {
  ann: { id: 'ann', tier: 'free', roles: [] },
  bob: { id: 'bob', tier: 'gold', roles: ['clerk'] },
};
const identity = (req) => ({ user: USERS[req.get('x-user')] ?? { id: '', tier: 'free', roles: [] } });

const TOOLS = {
  refund: ({ amount }) => `${amount} refunded`,
};

/** Runs the tools that the model asks for, if the policies let them run, until it has an answer. */
async function chat(request, exchange) {
  const messages = [...request.messages];
  for (let rounds = 0; rounds < 5; rounds++) {
    const answer = await complete({ ...request, messages });
    const { message } = answer.choices[0];
    if (!message.tool_calls) return answer;
    messages.push(message);
    for (const call of message.tool_calls) {
      const decision = exchange.evaluateBody('openai-chat', call, { stage: 'tool_call' });
      const content = decision.allowed
        ? TOOLS[call.function.name](JSON.parse(call.function.arguments))
        : `not allowed (${decision.code ?? 'denied'})`;
      messages.push({ role: 'tool', tool_call_id: call.id, content });
    }
  }
  throw new Error('the model goes on asking for tools');
}

export function app(engine) {
  const service = express();
  service.use(express.json());
  const log = ({ stage, effect, policy, rule }) => console.log(JSON.stringify({ stage, effect, policy, rule }));
  service.post('/v1/chat/completions', policyGuard({ engine, identity, onDecision: log }), async (req, res) => {
    res.json(await chat(req.body, req.policy.exchange));
  });
  return service;
}

export const policies = fileURLToPath(new URL('./policies', import.meta.url));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const engine = new Engine(policies, { handles: ['route'] });
  // New policies without a restart; bad ones change nothing.
  process.on('SIGHUP', () => {
    try {
      engine.reload(policies);
    } catch (error) {
      console.error(error.message);
    }
  });
  const { PORT = 8080 } = process.env;
  app(engine).listen(PORT, () => console.log(`http://localhost:${PORT}/v1/chat/completions`));
}
