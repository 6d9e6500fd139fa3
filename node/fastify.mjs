import module from './fastify.js';

export const { policyGuard } = module;
