/** What a translation into a language with one plural form has: every key of the English texts but those of `_one`. */
export type OnePluralForm<Texts> = {
  [Key in keyof Texts as Key extends `${string}_one` ? never : Key]: Texts[Key] extends string
    ? string
    : OnePluralForm<Texts[Key]>;
};

/** The keys of a namespace as i18next takes them: nested ones with dots, plurals without their suffix. */
export type TextKey<Texts, Prefix extends string = ''> = {
  [Key in keyof Texts & string]: Texts[Key] extends string
    ? `${Prefix}${Key extends `${infer Base}_${'one' | 'other'}` ? Base : Key}`
    : TextKey<Texts[Key], `${Prefix}${Key}.`>;
}[keyof Texts & string];
