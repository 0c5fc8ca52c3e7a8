/** Values of the environment in whole fields, as Node-RED puts them in when it starts a node: ${NAME} or $(NAME). */
import type { Node, NodeAPI } from 'node-red';

const variable = /^\$(?:\{([^}]+)\}|\(([^)]+)\))$/;

/** @returns the value of the variable a field consists of; the field itself, where it is none or is not set */
export const fromEnvironment = (RED: NodeAPI, node: Node | null, field: string): string => {
  const [, braced, bracketed] = variable.exec(field.trim()) ?? [];
  const name = braced ?? bracketed;
  if (name === undefined) return field;
  return String(RED.util.evaluateNodeProperty(name, 'env', node ?? ({} as Node), {})) || field;
};

/** @throws where a credential is a variable that does not exist: Node-RED leaves its name in place of the value */
export const checkCredentials = (credentials: object): void => {
  for (const [field, value] of Object.entries(credentials)) {
    const [, braced, bracketed] = (typeof value === 'string' && variable.exec(value)) || [];
    const name = braced ?? bracketed;
    if (name !== undefined) throw new Error(`${field}: the environment variable ${name} is not set`);
  }
};
