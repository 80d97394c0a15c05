const URI_ATTRIBUTE = /(^#EXT-X-[A-Z-]+:(?:.*?,)?URI=")([^"]*)(")/;

/** Returns every URI of a playlist, in order: lines that are not tags, and `URI` attributes (`EXT-X-MAP`, `EXT-X-MEDIA`). */
export function listUris(playlist: string): string[] {
  const uris: string[] = [];
  rewriteUris(playlist, (uri) => {
    uris.push(uri);
    return uri;
  });
  return uris;
}

/** Returns the playlist with every URI replaced and everything else unchanged. */
export function rewriteUris(playlist: string, replace: (uri: string) => string): string {
  return playlist
    .split('\n')
    .map((line) => {
      if (line.trim() === '') return line;
      if (!line.startsWith('#')) return replace(line.trim());
      return line.replace(URI_ATTRIBUTE, (_, before: string, uri: string, after: string) => {
        return `${before}${replace(uri)}${after}`;
      });
    })
    .join('\n');
}

/** Returns a master playlist with only the variants whose URI `accept` accepts, and their common tags. */
export function selectVariants(master: string, accept: (uri: string) => boolean): string {
  const lines = master.split('\n');
  return lines
    .filter((line, index) => {
      const uri = line.startsWith('#EXT-X-STREAM-INF') ? lines[index + 1] : line;
      return uri === undefined || uri === '' || uri.startsWith('#') || accept(uri);
    })
    .join('\n');
}

/** Returns a storyboard with the picture of every cue replaced; keeps the tile after `#`. */
export function rewriteStoryboard(vtt: string, replace: (picture: string) => string): string {
  return vtt
    .split('\n')
    .map((line) => {
      const cue = /^(\S+)(#xywh=[\d,]+)\s*$/.exec(line);
      return cue ? `${replace(cue[1] ?? '')}${cue[2]}` : line;
    })
    .join('\n');
}
