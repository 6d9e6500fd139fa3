import type { GuardOptions, Turn } from './lib/turn.js';

export type { GuardOptions, Turn };

/**
 * Hooks for a route, `fastify.post(url, {...policyGuard(options)}, handler)`: they judge a provider's request, and the answer that
 * the handler gives. Refused requests are answered: 403, 429 with `Retry-After`, or 400; faults go to Fastify's error handler.
 * `request.policy` is the {@link Turn}.
 */
export function policyGuard<Request = any>(
  options: GuardOptions<Request>,
): {
  preHandler(request: any, reply: any): Promise<unknown>;
  onSend?(request: any, reply: any, payload: unknown): Promise<unknown>;
};
