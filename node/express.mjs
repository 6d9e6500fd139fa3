import module from './express.js';

export const { policyGuard } = module;
