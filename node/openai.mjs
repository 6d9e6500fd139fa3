import module from './openai.js';

export const { guardOpenAI } = module;
