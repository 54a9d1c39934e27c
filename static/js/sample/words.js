// The words of the page, from the template that the server has translated (_words.html).
const language = document.documentElement.lang || "en";
const form = new Intl.PluralRules(language);
const words = new Map();
for (const { dataset, textContent } of document.getElementById("words").content.children) {
  const key = dataset.n ? `${dataset.say} ${form.select(Number(dataset.n))}` : dataset.say;
  words.set(key, textContent.trim());
}

// A sentence with its brackets filled in; where values.n counts something, in the right plural form.
export function say(name, values = {}) {
  const text = words.get(name) ?? words.get(`${name} ${form.select(values.n)}`) ?? words.get(`${name} other`);
  return text.replace(/\[(\w+)\]/g, (_whole, key) => values[key]);
}

export const inOrder = (texts) => new Intl.ListFormat(language, { type: "conjunction" }).format(texts);
