import type { AST } from '@eslint-community/regexpp';

/** Fewest and most characters that a part of a pattern takes. */
export interface Width {
  readonly least: number;
  readonly most: number;
}

/** Measures a part of a pattern. An open quantifier gives `Infinity`. */
export function widthOf(node: AST.Element | AST.Alternative | AST.Pattern): Width {
  if ('alternatives' in node && node.type !== 'Assertion') return widest(node.alternatives.map(widthOf));
  if (node.type === 'Alternative') return widthOfAll(node.elements);
  if (node.type === 'Quantifier') return repeated(node);
  if (node.type === 'Assertion') return { least: 0, most: 0 };
  return node.type === 'Backreference' ? { least: 0, most: Infinity } : { least: 1, most: 1 };
}

function repeated({ element, min, max }: AST.Quantifier): Width {
  const { least, most } = widthOf(element);
  return { least: least * min, most: max === 0 || most === 0 ? 0 : most * max };
}

/** Measures parts that follow each other. */
export function widthOfAll(nodes: readonly AST.Element[]): Width {
  const widths = nodes.map(widthOf);
  return {
    least: widths.reduce((sum, { least }) => sum + least, 0),
    most: widths.reduce((sum, { most }) => sum + most, 0),
  };
}

function widest(widths: readonly Width[]): Width {
  return {
    least: Math.min(...widths.map(({ least }) => least)),
    most: Math.max(...widths.map(({ most }) => most)),
  };
}
