export { toRules, type WrittenRules } from './written.ts';
