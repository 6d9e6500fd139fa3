import type { GuardOptions, Turn } from './lib/turn.js';

export type { GuardOptions, Turn };

/**
 * Hooks for a route, `fastify.post(url, {...policyGuard(options)}, handler)`: they judge a provider's request, and the answer that
 * the handler gives, as a whole or, when it sends a stream of server-sent events, as they pass. Refused requests are answered: 403,
 * 429 with `Retry-After`, or 400; faults go to Fastify's error handler. `request.policy` is the {@link Turn}. What limits hold is
 * settled with what the answer says that it used, or what was counted of its events, and given back when the handler fails.
 */
export function policyGuard<Request = any>(
  options: GuardOptions<Request>,
): {
  preHandler(request: any, reply: any): Promise<unknown>;
  onSend(request: any, reply: any, payload: unknown): Promise<unknown>;
};
