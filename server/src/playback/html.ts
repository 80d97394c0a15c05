/** Markup that is not escaped again. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A template that escapes its values, for text and for attributes in double quotes, except Markup. */
export function html(strings: TemplateStringsArray, ...values: (string | number | Markup)[]): Markup {
  const parts = strings.map((string, index) => {
    const value = values[index] ?? '';
    return string + (value instanceof Markup ? value.text : escapeText(String(value)));
  });
  return new Markup(parts.join(''));
}

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}
