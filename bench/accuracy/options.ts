import { monotone } from '../../src/detect/model/features.ts';
import type { BoostOptions } from './boost.ts';

/** How the shipped trees are boosted. */
export const boostOptions: BoostOptions = { trees: 100, rate: 0.2, least: 4, ridge: 4, monotone };
