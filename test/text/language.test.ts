import { expect, test } from 'vitest';
import { guessLanguage, knownShare } from '../../src/text/language.ts';

test.each([
  ['en', 'It is a truth universally acknowledged, that a single man in possession of a good fortune, must be in want of a wife.'],
  ['en', 'Gone, gone, sold and gone, to the rice-swamp dank and lone, where the slave-whip ceaseless swings, from Virginia’s hills and waters.'],
  ['fr', 'Longtemps, je me suis couché de bonne heure. Parfois, à peine ma bougie éteinte, mes yeux se fermaient si vite que je n’avais pas le temps de me dire.'],
  ['de', 'Als Gregor Samsa eines Morgens aus unruhigen Träumen erwachte, fand er sich in seinem Bett zu einem ungeheueren Ungeziefer verwandelt.'],
  ['es', 'En un lugar de la Mancha, de cuyo nombre no quiero acordarme, no ha mucho tiempo que vivía un hidalgo de los de lanza en astillero.'],
  ['it', 'Nel mezzo del cammin di nostra vita mi ritrovai per una selva oscura, che la diritta via era smarrita.'],
  ['pt', 'Algum tempo hesitei se devia abrir estas memórias pelo princípio ou pelo fim, isto é, se poria em primeiro lugar o meu nascimento ou a minha morte.'],
  ['nl', 'Ik ben makelaar in koffie, en woon op de Lauriergracht. Het is mijn gewoonte niet, romans te schrijven, of zulke dingen, en het heeft dan ook lang geduurd.'],
  ['sv', 'Det var en gång en pojke. Han var så där en fjorton år gammal, lång och ranglig och linhårig. Inte stort dugde han till.'],
  ['la', 'Gallia est omnis divisa in partes tres, quarum unam incolunt Belgae, aliam Aquitani, tertiam qui ipsorum lingua Celtae appellantur; hi omnes et lingua institutis inter se differunt.'],
  ['other', 'Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему.'],
  ['other', 'Zorg blag frumo nakk, tilva pergo snaft, ullu brekka dro minnt, sovra tokk plenn garuva.'],
  ['unknown', 'Chapter One'],
  ['unknown', ''],
])('%s: %s', (language, text) => {
  expect(guessLanguage(text).language).toBe(language);
});

test('the share is of common words', () => {
  const { language, share } = guessLanguage('the dog and the cat in the house of a king');
  expect(language).toBe('en');
  expect(share).toBeCloseTo(7 / 11);
});

test('words that a list knows', () => {
  const known = new Set(['the', 'dog', 'did', 'sing']);
  expect(knownShare("The dog's song didn't sing", known)).toBeCloseTo(4 / 5);
  expect(knownShare('12 -- 34', known)).toBe(1);
  expect(knownShare('el perro canta', known)).toBe(0);
});
