/** Mutants of source files: small changes of meaning that a test should notice. */
import { type Node, type SourceFile, SyntaxKind } from 'typescript/unstable/ast';
import {
  isArrowFunction,
  isBinaryExpression,
  isBlock,
  isConditionalExpression,
  isExpressionStatement,
  isIfStatement,
  isNumericLiteral,
  isPrefixUnaryExpression,
  isReturnStatement,
} from 'typescript/unstable/ast/is';
import { parseSources } from '../test/support/source-facts.ts';

/** One change of one file. */
export interface Mutant {
  file: string;
  line: number;
  /** Range of the text that is replaced. */
  start: number;
  end: number;
  before: string;
  after: string;
}

/** Operators and what takes their place. */
const swaps: Record<string, string> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '&&': '||',
  '||': '&&',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '+=': '-=',
  '-=': '+=',
  '&': '|',
  '|': '&',
};

/** Nodes without a meaning at runtime, or that only connect files. */
const skipped = new Set<SyntaxKind>([
  SyntaxKind.ImportDeclaration,
  SyntaxKind.ExportDeclaration,
  SyntaxKind.InterfaceDeclaration,
  SyntaxKind.TypeAliasDeclaration,
]);

const isType = ({ kind }: Node): boolean => kind >= SyntaxKind.FirstTypeNode && kind <= SyntaxKind.LastTypeNode;

/** @returns the texts that may take the place of a node */
const replacementsOf = (node: Node, text: string): { node: Node; after: string }[] => {
  const textOf = (part: Node): string => text.slice(part.getStart(), part.end);
  const found: { node: Node; after: string }[] = [];
  const add = (part: Node, after: string): void => void found.push({ node: part, after });
  if (isBinaryExpression(node)) {
    const swap = swaps[textOf(node.operatorToken)];
    if (swap) add(node.operatorToken, swap);
  }
  if (isPrefixUnaryExpression(node) && textOf(node).startsWith('!')) add(node, textOf(node.operand));
  if (isNumericLiteral(node)) add(node, node.text === '0' ? '1' : `(2 * ${textOf(node)})`);
  if (node.kind === SyntaxKind.TrueKeyword) add(node, 'false');
  if (node.kind === SyntaxKind.FalseKeyword) add(node, 'true');
  if (isExpressionStatement(node)) add(node, ';');
  const returned = isReturnStatement(node) ? node.expression : isArrowFunction(node) ? node.body : undefined;
  if (returned && !isBlock(returned) && textOf(returned) !== 'undefined') add(returned, '(undefined as never)');
  if (isIfStatement(node)) for (const value of ['true', 'false']) add(node.expression, value);
  if (isConditionalExpression(node)) for (const value of ['true', 'false']) add(node.condition, value);
  return found;
};

const mutantsIn = (file: string, tree: SourceFile, text: string): Mutant[] => {
  const mutants: Mutant[] = [];
  const visit = (node: Node): void => {
    if (skipped.has(node.kind) || isType(node)) return;
    for (const { node: part, after } of replacementsOf(node, text)) {
      const start = part.getStart();
      const line = text.slice(0, start).split('\n').length;
      mutants.push({ file, line, start, end: part.end, before: text.slice(start, part.end), after });
    }
    node.forEachChild(visit);
  };
  visit(tree);
  return mutants;
};

/** @returns all mutants of some files */
export const findMutants = (texts: Record<string, string>): Mutant[] =>
  parseSources(texts, (file, tree) => mutantsIn(file, tree, texts[file] ?? '')).flat();

/** @returns some of the mutants, the same ones for the same seed */
export const pickMutants = (mutants: Mutant[], count: number, seed: number): Mutant[] => {
  let state = seed >>> 0;
  // The generator mulberry32.
  const random = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const shuffled = mutants.map((mutant) => ({ mutant, order: random() })).sort((a, b) => a.order - b.order);
  return shuffled.slice(0, count).map(({ mutant }) => mutant);
};
