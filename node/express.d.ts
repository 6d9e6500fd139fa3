import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GuardOptions, Turn } from './lib/turn.js';

export type { GuardOptions, Turn };

/**
 * A middleware that judges a provider's request, which `express.json()` has read, and the answer that the handler gives with
 * `res.json`, or writes as server-sent events, which go out as far as they are safe. Refused requests are answered: 403, 429 with
 * `Retry-After`, or 400; faults go to Express' error handler. `req.policy` is the {@link Turn}. What limits hold is settled with what
 * the answer says that it used, or what was counted of its events, and given back when the handler fails.
 */
export function policyGuard<Request extends IncomingMessage = IncomingMessage & { body?: any; policy?: Turn }>(
  options: GuardOptions<Request>,
): (req: Request, res: ServerResponse & any, next: (error?: unknown) => void) => Promise<void>;
