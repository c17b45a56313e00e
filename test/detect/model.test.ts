import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { boost } from '../../bench/accuracy/boost.ts';
import { drawName, drawPublicName } from '../../bench/accuracy/names.ts';
import { boostOptions } from '../../bench/accuracy/options.ts';
import { toRandom } from '../../bench/accuracy/random.ts';
import { syntaxes, write } from '../../bench/accuracy/syntaxes.ts';
import { keepRows, unpackTable } from '../../bench/accuracy/table.ts';
import { drawHarmless, drawPassword, drawPublic, drawToken } from '../../bench/accuracy/values.ts';
import { textCandidates } from '../../src/detect/candidates/text.ts';
import { featureNames, measure } from '../../src/detect/model/features.ts';
import languageData from '../../src/detect/model/language.json' with { type: 'json' };
import { toLanguage } from '../../src/detect/model/language.ts';
import treeData from '../../src/detect/model/trees.json' with { type: 'json' };
import { score, type TreeModel } from '../../src/detect/model/trees.ts';

const root = join(import.meta.dirname, '../..');
const packed = readFileSync(join(root, 'bench/accuracy/rows.bin.gz'));
const table = unpackTable(packed);
const model: TreeModel = treeData;
const golden = join(import.meta.dirname, 'model.golden.json');

describe('the training of the model', () => {
  it('begins with the trees that are shipped, from the rows that are kept', () => {
    const first = boost(table, { ...boostOptions, trees: 3 });
    expect(first.trees).toEqual(model.trees.slice(0, 3));
    expect(Number(first.bias.toFixed(4))).toBe(model.bias);
    const hash = createHash('sha256').update(packed).update(JSON.stringify(boostOptions)).digest('hex');
    expect(model.trainedFrom).toBe(hash.slice(0, 32));
  });

  it('gives the same trees for the same rows, and others for others', () => {
    const slice = keepRows(table, (row) => row % 20 === 0);
    const other = keepRows(table, (row) => row % 20 === 1);
    const options = { ...boostOptions, trees: 8 };
    expect(boost(slice, options)).toEqual(boost(slice, options));
    expect(boost(slice, options).trees).not.toEqual(boost(other, options).trees);
  });

  it('measures in rows what it measures in files', () => {
    expect(table.features).toEqual(featureNames());
    expect(model.features).toEqual(featureNames());
  });
});

interface Measured {
  readonly row: readonly number[];
  readonly score: number;
}

/** Draws candidates of all kinds, the same ones each time, and measures them. */
function measured(): readonly Measured[] {
  const random = toRandom(20261126);
  const words = languageData.words.split(' ').filter((word) => word.length > 3);
  const language = toLanguage(languageData);
  const drawn = Array.from({ length: 200 }, (_, n) => {
    const value = random.pick([drawToken, drawPassword, drawHarmless, drawPublic])(random, words);
    const name = n % 4 === 0 ? drawPublicName(random, words) : drawName(random, words).text;
    return write(random.pick(syntaxes), name, value).text;
  });
  return drawn.flatMap((text) =>
    textCandidates(text, undefined)
      .slice(0, 1)
      .map((candidate) => {
        const row = measure(text, candidate, language);
        return {
          row: row.map((value) => Number(value.toFixed(4))),
          score: Number(score(model, row).toFixed(3)),
        };
      }),
  );
}

describe('the model', () => {
  it('measures and scores as it did', () => {
    const now = measured();
    expect(now.length).toBeGreaterThan(120);
    if (process.env['UPDATE_GOLDEN'] === '1')
      writeFileSync(golden, `[\n${now.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`);
    const then = JSON.parse(readFileSync(golden, 'utf8')) as readonly Measured[];
    expect(now).toEqual(then);
  });
});
