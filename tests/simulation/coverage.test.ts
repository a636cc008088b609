import { expect, test } from 'vitest';
import type { Suite } from '../api/scenario.ts';
import { model } from './model/model.ts';

/** The scenarios of an operation, and why it has no model if it has none. */
interface SuiteFile {
  readonly default: Suite;
  readonly notSimulated?: string;
}

const files = import.meta.glob<SuiteFile>('../api/{apis,identities,keys,permissions,ratelimit}/*.ts', {
  eager: true,
});

test('every operation is simulated, or its suite says why not', () => {
  const findings = Object.values(files).flatMap(({ default: { operation }, notSimulated }) => {
    if (operation in model === (notSimulated === undefined)) return [];
    return operation in model
      ? [`${operation} has a model: remove notSimulated from its suite in tests/api.`]
      : [
          `${operation} has no model: add one in tests/simulation/model, or notSimulated to its suite in tests/api.`,
        ];
  });
  expect(findings).toEqual([]);
});
