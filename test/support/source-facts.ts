/** Facts of source files that the rules of the house count, read from the syntax trees of the TypeScript compiler. */

import { type Node, type SourceFile, SyntaxKind } from 'typescript/unstable/ast';
import {
  isArrowFunction,
  isClassDeclaration,
  isConstructorDeclaration,
  isEnumDeclaration,
  isFunctionDeclaration,
  isFunctionExpression,
  isFunctionTypeNode,
  isInterfaceDeclaration,
  isMethodDeclaration,
  isMethodSignatureDeclaration,
  isTypeAliasDeclaration,
  isVariableStatement,
} from 'typescript/unstable/ast/is';
import { createVirtualFileSystem } from 'typescript/unstable/fs';
import { API } from 'typescript/unstable/sync';

/** A function with its place. */
export interface FunctionFact {
  name: string;
  line: number;
  /** Length from its first to its last line, without the comment above. */
  lines: number;
  /** Positional parameters; one that is destructured counts as one. */
  parameters: number;
}

/** A comment without its marks; successive lines of // are one comment. */
export interface CommentFact {
  line: number;
  text: string;
}

/** Facts that are counted of one file. */
export interface SourceFacts {
  file: string;
  lines: number;
  functions: FunctionFact[];
  comments: CommentFact[];
  /** Names of interfaces, type aliases, classes and enumerations. */
  typeNames: string[];
  /** Exported functions and classes without a docstring. */
  undocumented: string[];
  /** The text without comments. */
  code: string;
}

const project = '/project';

/**
 * Parses files.
 * @param texts by path
 * @returns the syntax trees, in the order of the paths
 */
export const parseSources = <T>(texts: Record<string, string>, visit: (file: string, tree: SourceFile) => T): T[] => {
  const compilerOptions = { noLib: true, noResolve: true, types: [], noEmit: true, allowImportingTsExtensions: true };
  const files = Object.fromEntries(Object.entries(texts).map(([path, text]) => [`${project}/${path}`, text]));
  const config = `${project}/tsconfig.json`;
  const fs = createVirtualFileSystem({ ...files, [config]: JSON.stringify({ compilerOptions, include: ['**/*.ts'] }) });
  const api = new API({ cwd: project, fs });
  try {
    const program = api.updateSnapshot({ openProjects: [config] }).getProjects()[0]?.program;
    return Object.keys(texts).map((path) => {
      const tree = program?.getSourceFile(`${project}/${path}`);
      if (!tree) throw new Error(`the compiler does not read ${path}`);
      return visit(path, tree);
    });
  } finally {
    api.close();
  }
};

/** Calls a function with a node and all nodes below. */
export const walk = (node: Node, visit: (node: Node) => void): void => {
  visit(node);
  node.forEachChild((child) => walk(child, visit));
};

const lineAt = (text: string, position: number): number => text.slice(0, position).split('\n').length;

const parametersOf = (node: Node): number | undefined =>
  isFunctionDeclaration(node) ||
  isFunctionExpression(node) ||
  isArrowFunction(node) ||
  isMethodDeclaration(node) ||
  isMethodSignatureDeclaration(node) ||
  isFunctionTypeNode(node) ||
  isConstructorDeclaration(node)
    ? node.parameters.length
    : undefined;

/** @returns the first words of a function, by which it is found where it has no name */
const nameOf = (node: Node, text: string): string =>
  text
    .slice(node.getStart(), node.getStart() + 60)
    .split('\n')[0]
    ?.replace(/\s*[({].*$/, '') ?? '';

const functionsIn = (tree: SourceFile, text: string): FunctionFact[] => {
  const found: FunctionFact[] = [];
  walk(tree, (node) => {
    const parameters = parametersOf(node);
    if (parameters === undefined) return;
    const line = lineAt(text, node.getStart());
    found.push({ name: nameOf(node.parent ?? node, text), line, lines: lineAt(text, node.end) - line + 1, parameters });
  });
  return found;
};

/** Literals whose text may look like a comment. */
const literals = new Set<SyntaxKind>([
  SyntaxKind.StringLiteral,
  SyntaxKind.NoSubstitutionTemplateLiteral,
  SyntaxKind.TemplateHead,
  SyntaxKind.TemplateMiddle,
  SyntaxKind.TemplateTail,
  SyntaxKind.RegularExpressionLiteral,
]);

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

/** @returns the text with its literals blanked, so that every mark of a comment is one */
const withoutLiterals = (tree: SourceFile, text: string): string => {
  let result = text;
  walk(tree, (node) => {
    if (!literals.has(node.kind)) return;
    const start = node.getStart();
    result = result.slice(0, start) + blank(result.slice(start, node.end)) + result.slice(node.end);
  });
  return result;
};

const commentPattern = /\/\*[\s\S]*?\*\/|\/\/[^\n]*(?:\n[ \t]*\/\/[^\n]*)*/g;

const textOf = (comment: string): string =>
  comment
    .replace(/^\/\*+|\*+\/$/g, '')
    .replace(/^[ \t]*(\/\/+|\*+) ?/gm, '')
    .trim();

const typeNamesIn = (tree: SourceFile): string[] => {
  const names: string[] = [];
  walk(tree, (node) => {
    const isType =
      isInterfaceDeclaration(node) ||
      isTypeAliasDeclaration(node) ||
      isClassDeclaration(node) ||
      isEnumDeclaration(node);
    if (isType && node.name) names.push(node.name.text);
  });
  return names;
};

const isExported = (node: Node, text: string): boolean => /^export\b/.test(text.slice(node.getStart(), node.end));

/** @returns names of exported functions and classes that no docstring precedes */
const undocumentedIn = (tree: SourceFile, text: string): string[] => {
  const found: string[] = [];
  const documented = new Set<string>();
  for (const node of tree.statements) {
    const names: string[] = [];
    if (isFunctionDeclaration(node) || isClassDeclaration(node)) names.push(node.name?.text ?? 'default');
    if (isVariableStatement(node))
      for (const { name, initializer } of node.declarationList.declarations)
        if (initializer && (isArrowFunction(initializer) || isFunctionExpression(initializer)))
          names.push(text.slice(name.getStart(), name.end));
    const hasDocstring = /\/\*\*[\s\S]*\*\//.test(text.slice(node.pos, node.getStart()));
    for (const name of names) {
      // The docstring of an overloaded function is that of its first signature.
      if (hasDocstring) documented.add(name);
      else if (isExported(node, text) && !documented.has(name)) found.push(name);
    }
  }
  return found;
};

/**
 * Reads the facts of files.
 * @param texts by path from the root
 */
export const factsOf = (texts: Record<string, string>): SourceFacts[] =>
  parseSources(texts, (file, tree) => {
    const text = texts[file] ?? '';
    const plain = withoutLiterals(tree, text);
    const comments = [...plain.matchAll(commentPattern)].map((match) => ({
      start: match.index,
      end: match.index + match[0].length,
    }));
    const code = comments.reduce(
      (left, { start, end }) => left.slice(0, start) + blank(left.slice(start, end)) + left.slice(end),
      text,
    );
    return {
      file,
      lines: text.trimEnd().split('\n').length,
      functions: functionsIn(tree, text),
      comments: comments
        .map(({ start, end }) => ({ line: lineAt(text, start), text: textOf(text.slice(start, end)) }))
        .filter((comment) => comment.text !== ''),
      typeNames: typeNamesIn(tree),
      undocumented: undocumentedIn(tree, text),
      code,
    };
  });
