import { describe, expect, it } from 'vitest';
import { byFolder, freeId, idOf, readFile, tagsOf, writeFile, type SavedQuery } from './saved';

const saved = {
  name: 'Executions', folder: 'Tasks/More', description: 'One line', tags: ['a', 'b'],
  kql: '// of all\nrequests\n| take 1',
};

describe('files', () => {
  it('are read as they were written', () => {
    expect(readFile('x.kql', writeFile(saved))).toEqual(saved);
  });

  it('may have no description, and lines of any kind', () => {
    expect(readFile('My query.kql', '\ufeffrequests\r\n| take 1\r\n')).toEqual({
      name: 'My query', folder: '', description: '', tags: [], kql: 'requests\n| take 1',
    });
  });
});

it.each([['Executions by task!', 'executions-by-task'], ['Äpfel', 'a-pfel'], ['日本', 'query']])(
  'id of %s', (name, id) => expect(idOf(name)).toBe(id),
);

it('finds a free id', () => {
  expect(freeId('A', ['a', 'a-2'])).toBe('a-3');
  expect(tagsOf('a, b,, a')).toEqual(['a', 'b']);
});

it('orders by folder and filters by all words', () => {
  const list = [
    { ...saved, id: '1', origin: 'own', etag: '' }, { ...saved, id: '2', name: 'Bad', folder: '' },
  ] as SavedQuery[];
  expect(byFolder(list).map(([folder, found]) => [folder, found.length]))
    .toEqual([['', 1], ['Tasks/More', 1]]);
  expect(byFolder(list, 'task exec').map(([folder]) => folder)).toEqual(['Tasks/More']);
});
