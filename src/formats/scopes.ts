/** What names stand for in the functions of a file, where that is certain: bound once in the nearest scope. */
export class Scopes<N> {
  readonly #scopes = new Map<N, Map<string, (N | undefined)[]>>();

  /** Records that a scope binds a name, to an expression or to something else. */
  bind(scope: N, name: string, init: N | undefined): void {
    const names = this.#scopes.get(scope) ?? new Map<string, (N | undefined)[]>();
    const inits = names.get(name);
    if (inits === undefined) names.set(name, [init]);
    else inits.push(init);
    this.#scopes.set(scope, names);
  }

  /** Gives the expression that a name stands for; `scopes` lie around it, the nearest first. */
  resolve(name: string, scopes: readonly N[]): N | undefined {
    for (const scope of scopes) {
      const found = this.#scopes.get(scope)?.get(name);
      if (found !== undefined) return found.length === 1 ? found[0] : undefined;
    }
    return undefined;
  }
}
