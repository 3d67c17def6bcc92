/** Small runtime checks: an answer of another shape than expected is refused, never half shown. */

export type Guard<T> = (value: unknown, path: string) => T;
export type Infer<G> = G extends Guard<infer T> ? T : never;

/** The node answered with something this page does not understand; names the field. */
export class BadAnswer extends Error {
  readonly field: string;

  constructor(field: string, expected: string) {
    super(`${field}: expected ${expected}`);
    this.name = "BadAnswer";
    this.field = field;
  }
}

export const text: Guard<string> = (value, path) => {
  if (typeof value !== "string") throw new BadAnswer(path, "text");
  return value;
};

export const flag: Guard<boolean> = (value, path) => {
  if (typeof value !== "boolean") throw new BadAnswer(path, "true or false");
  return value;
};

/** Any finite number: powers and ages. */
export const number: Guard<number> = (value, path) => {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new BadAnswer(path, "a number");
  return value;
};

/** A whole number that arithmetic keeps exact: money, energy and time. */
export const integer: Guard<number> = (value, path) => {
  if (typeof value !== "number" || !Number.isSafeInteger(value))
    throw new BadAnswer(path, "a whole number");
  return value;
};

/** Energy counted by a register: whole and never negative. */
export const count: Guard<number> = (value, path) => {
  if (integer(value, path) < 0) throw new BadAnswer(path, "a whole number, 0 or more");
  return value as number;
};

export function oneOf<const T extends string>(...allowed: T[]): Guard<T> {
  return (value, path) => {
    const found = allowed.find((name) => name === value);
    if (found === undefined) throw new BadAnswer(path, `one of ${allowed.join(", ")}`);
    return found;
  };
}

export function nullable<T>(guard: Guard<T>): Guard<T | null> {
  return (value, path) => (value === null || value === undefined ? null : guard(value, path));
}

export function list<T>(guard: Guard<T>): Guard<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw new BadAnswer(path, "a list");
    return value.map((item, index) => guard(item, `${path}[${index}]`));
  };
}

export function record<Shape extends Record<string, Guard<unknown>>>(
  shape: Shape,
): Guard<{ [Key in keyof Shape]: Infer<Shape[Key]> }> {
  return (value, path) => {
    if (typeof value !== "object" || value === null) throw new BadAnswer(path, "an object");
    const fields = value as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(shape).map(([key, guard]) => [key, guard(fields[key], `${path}.${key}`)]),
    ) as { [Key in keyof Shape]: Infer<Shape[Key]> };
  };
}
