/** The parts of `@kusto/language-service-next` that are used; its own types are too many. */

export interface List<T> {
  Count: number;
  getItem(index: number): T;
}

export interface CompletionItem {
  Kind: number;
  DisplayText: string;
  MatchText: string;
  BeforeText: string;
  AfterText: string;
}

export interface Parameter {
  Name: string;
  Description: string | null;
}

export interface FunctionSymbol {
  Name: string;
  Description: string | null;
  Signatures: List<{ Parameters: List<Parameter> }>;
}

export interface GlobalState {
  Functions: List<FunctionSymbol>;
  Aggregates: List<FunctionSymbol>;
  PlugIns: List<FunctionSymbol>;
  WithFunctions(list: unknown): GlobalState;
  WithAggregates(list: unknown): GlobalState;
  WithPlugIns(list: unknown): GlobalState;
  WithDatabase(database: unknown): GlobalState;
}

export interface FormattingOptions {
  /** 1: each on a line of its own. */
  WithPipeOperatorStyle(style: number): FormattingOptions;
}

export interface CodeService {
  GetCompletionItems(at: number): {
    EditStart: number;
    EditLength: number;
    Items: List<CompletionItem>;
  };
  GetDiagnostics(): List<{
    Code: string;
    Severity: string;
    Message: string;
    Start: number;
    Length: number;
  }>;
  GetFormattedText(options: FormattingOptions): { Text: string };
  GetQuickInfo(at: number): { Text: string };
}

type Make<T> = new (...parameters: unknown[]) => T;

export interface Kusto {
  Language: {
    GlobalState: { Default: GlobalState };
    Symbols: {
      /** Name, columns as `(name: type, …)`, description. */
      TableSymbol: { $ctor7: Make<unknown> };
      /** Name, parameters as `(name: type, …)`, body, description. */
      FunctionSymbol: { $ctor16: Make<unknown> };
      /** Name, other name, members, whether there may be others. */
      DatabaseSymbol: { $ctor3: Make<unknown> };
    };
    Editor: {
      CompletionKind: Record<string, number>;
      FormattingOptions: { Default: FormattingOptions };
      KustoCodeService: { $ctor1: Make<CodeService> };
    };
  };
}

interface Runtime {
  Kusto: Kusto;
  System: {
    Object: unknown;
    Collections: { Generic: { List$1: (type: unknown) => { $ctor1: Make<unknown> } } };
    Array: {
      getCount(list: unknown, type: unknown): number;
      getItem(list: unknown, index: number, type: unknown): unknown;
    };
  };
}

function runtime(): Runtime {
  return globalThis as unknown as Runtime;
}

export function kusto(): Kusto {
  return runtime().Kusto;
}

/** A list of theirs of what an array holds. */
export function listOf(items: unknown[]): unknown {
  const { System } = runtime();
  return new (System.Collections.Generic.List$1(System.Object).$ctor1)(items);
}

/** An array of what a list of theirs holds. */
export function arrayOf<T>(list: List<T> | null | undefined): T[] {
  if (!list) return [];
  const { System } = runtime();
  const count = System.Array.getCount(list, System.Object);
  return Array.from({ length: count }, (_, index) => (
    System.Array.getItem(list, index, System.Object) as T
  ));
}
