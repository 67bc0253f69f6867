// Parts of the page.

export function part<E extends HTMLElement = HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element ${id}`);
  return found as E;
}

/** An element with a text. What players are called is text, and never becomes part of the page's code. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  text = "",
  kind = "",
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  made.textContent = text;
  if (kind !== "") made.className = kind;
  return made;
}
