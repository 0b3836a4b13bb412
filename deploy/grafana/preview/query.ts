// Asks Prometheus what a panel asks, and gives the frames that Grafana would have.
import {
  DataFrame,
  FieldType,
  getDisplayProcessor,
  standardTransformers,
  standardTransformersRegistry,
  toDataFrame,
  transformDataFrame,
} from '@grafana/data';
import { lastValueFrom } from 'rxjs';

const { mergeTransformer, organizeFieldsTransformer, groupingToMatrixTransformer } =
  standardTransformers;
standardTransformersRegistry.setInit(() =>
  [mergeTransformer, organizeFieldsTransformer, groupingToMatrixTransformer].map((t: any) => ({
    id: t.id,
    name: t.name,
    transformation: t,
    editor: (() => null) as any,
    aliasIds: [],
  }))
);

export const CHOSEN: Record<string, string> = { job: 'assay', target: 'aws:111122223333' };

export function fill(text: string, board: any, range: any) {
  const step = (range.to - range.from) / 300;
  const built: Record<string, string> = {
    __rate_interval: `${Math.max(2400, Math.round(step))}s`,
    __range: `${Math.round(range.to - range.from)}s`,
  };
  const all = new Set(board.templating.list.filter((v: any) => v.includeAll).map((v: any) => v.name));
  return text.replace(/\$\{?([A-Za-z_]\w*)\}?/g, (_, name) =>
    built[name] ?? (all.has(name) && name !== 'job' ? '.+' : (CHOSEN[name] ?? '.+'))
  );
}

export async function load(panel: any, board: any, range: any, theme: any): Promise<DataFrame[]> {
  const frames = (
    await Promise.all(panel.targets.map((t: any) => ask(t, panel, board, range)))
  ).flat();
  const made = await lastValueFrom(transformDataFrame(panel.transformations ?? [], frames));
  made.forEach((frame, index) => dress(frame, index, panel, theme));
  return made;
}

async function ask(target: any, panel: any, board: any, range: any) {
  const step = Math.max(600, (range.to - range.from) / 400);
  const words: Record<string, string> = { query: fill(target.expr, board, range) };
  if (target.instant) {
    words.time = String(range.to);
  } else {
    Object.assign(words, { start: range.from, end: range.to, step });
  }
  const path = target.instant ? 'query' : 'query_range';
  const answer = await (await fetch(`/api/v1/${path}?${new URLSearchParams(words)}`)).json();
  if (answer.status !== 'success') {
    throw new Error(answer.error);
  }
  const { result } = answer.data;
  return panel.type === 'table' ? [table(result, target, panel)] : result.map((s: any) => series(s, target));
}

function table(result: any[], target: any, panel: any) {
  const labels = [...new Set(result.flatMap((s: any) => Object.keys(s.metric)))];
  const value = panel.targets.length > 1 ? `Value #${target.refId}` : 'Value';
  return toDataFrame({
    refId: target.refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: result.map((s) => s.value[0] * 1000) },
      ...labels.map((name) => ({
        name,
        type: FieldType.string,
        values: result.map((s) => s.metric[name] ?? ''),
      })),
      { name: value, type: FieldType.number, values: result.map((s) => Number(s.value[1])) },
    ],
  });
}

function series(found: any, target: any) {
  const values = found.values ?? [found.value];
  const legend = (target.legendFormat || 'Value').replace(
    /\{\{\s*(\w+)\s*\}\}/g,
    (_: string, label: string) => found.metric[label] ?? ''
  );
  return toDataFrame({
    name: legend,
    fields: [
      { name: 'Time', type: FieldType.time, values: values.map((v: any) => v[0] * 1000) },
      {
        name: legend,
        type: FieldType.number,
        values: values.map((v: any) => Number(v[1])),
        config: { displayName: legend },
      },
    ],
  });
}

// As Grafana's applyFieldOverrides, for the few properties that our boards set.
function dress(frame: DataFrame, index: number, panel: any, theme: any) {
  const { defaults, overrides } = panel.fieldConfig;
  const color = panel.type === 'timeseries' ? 'palette-classic' : 'thresholds';
  for (const field of frame.fields) {
    if (field.type === FieldType.time && panel.type !== 'table') {
      continue;
    }
    const config: any = structuredClone({ color: { mode: color }, ...defaults, ...field.config });
    config.custom = { ...defaults.custom };
    const shown = field.config.displayName ?? field.name;
    for (const each of overrides.filter((o: any) => o.matcher.options === shown)) {
      each.properties.forEach(({ id, value }: any) => put(config, id.split('.'), value));
    }
    config.thresholds?.steps.forEach((s: any) => (s.value = s.value ?? -Infinity));
    config.links = undefined;
    field.config = config;
    field.state = { ...field.state, seriesIndex: index };
    field.display = getDisplayProcessor({ field, theme, timeZone: 'utc' });
    field.getLinks = () => [];
  }
}

function put(config: any, path: string[], value: any) {
  const [first, ...rest] = path;
  if (rest.length) {
    put((config[first] = { ...config[first] }), rest, value);
  } else {
    config[first] = structuredClone(value);
  }
}
