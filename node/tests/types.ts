// Compiled with `tsc --strict`, and not run: what must be accepted, and, after `@ts-expect-error`, what must not.

import type { Express, Request } from 'express';
import type { FastifyInstance } from 'fastify';
import type OpenAI from 'openai';

import {
  ClosedError,
  type Context,
  type Decision,
  DeniedError,
  type Effect,
  Engine,
  type Exchange,
  type Finding,
  type Obligation,
  PolicyEngineError,
  type PreparedContext,
  type Stage,
  type Validation,
} from '../index.js';
import { policyGuard as expressGuard, type Turn } from '../express.js';
import { policyGuard as fastifyGuard } from '../fastify.js';
import { guardOpenAI } from '../openai.js';

interface Caller {
  user: { id: string; tier?: 'free' | 'gold' };
}

export function engines(caller: Caller, bytes: Uint8Array): Decision {
  const engine = new Engine('policies/', { handles: ['route', 'redact'], allowWithoutPolicy: false });
  new Engine([{ name: 'a.yaml', text: bytes }, { version: '1.0' }, 'version: "1.0"\n']);
  new Engine(new URL('file:///policies'));
  const context: Context = caller;
  const decisions: Decision[] = [
    engine.evaluate(caller),
    engine.evaluate(context, { stage: 'tool_call', now: Date.now() }),
    engine.evaluate('{}', { now: '2027-01-01T00:00:00Z' }),
    engine.evaluate(Buffer.from('{}')),
    ...engine.evaluateBatch(new Set([{}, '{}'])),
  ];
  const prepared: PreparedContext = engine.prepare(caller);
  decisions.push(engine.evaluate(prepared, { stage: 'response' }));
  decisions.push(engine.evaluateBody('openai-chat', { model: 'm' }, caller));
  const exchange: Exchange = engine.exchange(caller);
  decisions.push(engine.resume(exchange.save()).evaluate({ response: { text: '' } }, { stage: 'response' }));
  const report: Validation = Engine.validate('policies/');
  const findings: readonly Finding[] = [...report.findings, ...engine.reload('policies/')];
  const other: Engine = Engine.attach(engine.share());
  other.close();
  engine.explain(caller).rules.map((rule) => rule.rule);

  // @ts-expect-error: there is no such action
  new Engine('policies/', { handles: ['dance'] });
  // @ts-expect-error: there is no such stage
  engine.evaluate(caller, { stage: 'requests' });
  // @ts-expect-error: there is no such format
  engine.evaluateBody('openai', {});
  // @ts-expect-error: a number is no context
  engine.evaluate(7);
  // @ts-expect-error: a decision does not change
  decisions[0].allowed = true;

  const [decision] = decisions;
  if (!decision) throw new PolicyEngineErrorOf(findings.length);
  const effect: Effect = decision.effect;
  const stage: Stage = decision.stage;
  const obligation: Obligation | undefined = decision.obligations[0];
  const code: string = decision.code ?? `${effect} ${stage} ${obligation?.action} ${decision.retryAfterMs ?? 0}`;
  return code ? decision.throwUnlessAllowed() : decision;
}

class PolicyEngineErrorOf extends Error {
  constructor(count: number) {
    super(String(count));
  }
}

export function errors(error: unknown): string {
  if (error instanceof DeniedError) return error.decision.reason;
  if (error instanceof ClosedError) return error.code;
  if (error instanceof PolicyEngineError) return error.findings[0]?.message ?? error.help ?? String(error.offset ?? error.decision?.reason);
  // @ts-expect-error: errors are made by the package
  return new PolicyEngineError('mine').message;
}

export function guards(engine: Engine, app: Express, fastify: FastifyInstance, client: OpenAI): void {
  app.post('/chat', expressGuard({ engine, identity: (req: Request) => ({ user: { id: req.get('x-user') } }) }), (req, res) => {
    const turn: Turn = (req as Request & { policy: Turn }).policy;
    res.json({ effect: turn.decision?.effect });
  });
  // @ts-expect-error: who asks is missing
  expressGuard({ engine });
  fastify.post('/chat', { ...fastifyGuard({ engine, identity: async () => ({ user: { id: 'ann' } }), format: 'anthropic' }) }, async () => ({}));
  const guarded = guardOpenAI(client, { engine, identity: { user: { id: 'ann' } } });
  void guarded.chat.completions.create({ model: 'm', messages: [] }).then((answer) => answer.choices[0]?.message.content);
  void guarded.chat.completions.create({ model: 'm', messages: [], stream: true }).then(async (answer) => {
    for await (const chunk of answer) chunk.choices[0]?.delta.content;
  });
  // @ts-expect-error: such an answer that streams cannot be judged
  void guarded.completions.create({ model: 'm', prompt: '', stream: true });
  // @ts-expect-error: nothing goes past the guard
  void guarded.images;
}
