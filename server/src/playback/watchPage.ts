import { html, type Markup } from './html.ts';

/** `open`: everybody may watch; `link`: everybody with this link; `none`: only after signing in. */
export type WatchAccess = 'open' | 'link' | 'none';

export interface WatchPage {
  videoId: number;
  access: WatchAccess;
  /** Null where the visitor may not know it. */
  title: string | null;
  description: string;
  /** Heading and text of the sign-in form; null: no form. */
  signIn: { title: string; text: string } | null;
  /** Returns the URL of a file of the page. */
  asset(name: string): string;
}

/** Returns the page as HTML; its scripts fill in what changes while it is open. */
export function renderWatchPage(page: WatchPage): string {
  return html`<!doctype html>
<html lang="en">
<head>
${renderHead(page.title ?? page.signIn?.title ?? 'Watch', page.asset)}
<link rel="modulepreload" href="${page.asset('player.js')}">
<link rel="modulepreload" href="${page.asset('playback.js')}">
<script type="module" src="${page.asset('watch.js')}"></script>
</head>
<body>
<header class="site"><span class="mark" aria-hidden="true"></span>Reelmill</header>
<main data-video-id="${page.videoId}" data-access="${page.access}" data-hls="${page.asset('hls.min.mjs')}">
${page.signIn === null ? '' : renderSignIn(page.signIn)}
${renderPlayer(page.access)}
<section class="about">
<h1 id="title">${page.title ?? ''}</h1>
<p id="facts" class="facts"></p>
<ul id="notices" class="notices" hidden></ul>
<div id="progress" class="progress" hidden>
<div id="progress-details">
<div class="progress-line"><span id="progress-state"></span><span id="progress-share"></span></div>
<progress max="100" value="0" aria-label="Transcoding"></progress>
</div>
<p id="progress-hint" class="progress-hint" hidden>You can watch what is ready while the rest follows.</p>
</div>
<p id="description" class="description">${page.description}</p>
<div id="share" class="share" hidden>
<label for="share-link">Link to share</label>
<input id="share-link" type="url" readonly aria-describedby="share-hint">
<p id="share-hint" class="progress-hint"></p>
</div>
<p id="announcement" class="sr-only" role="status"></p>
<noscript><p>Watching needs JavaScript, which is switched off in this browser.</p></noscript>
</section>
</main>
</body>
</html>
`.text;
}

/** Returns the page for an unknown address as HTML. */
export function renderMissingPage(asset: WatchPage['asset']): string {
  return html`<!doctype html>
<html lang="en">
<head>
${renderHead('Not found', asset)}
</head>
<body>
<header class="site"><span class="mark" aria-hidden="true"></span>Reelmill</header>
<main>
<section class="card">
<h1>There is nothing here</h1>
<p>The address may be incomplete, or the video was deleted.</p>
</section>
</main>
</body>
</html>
`.text;
}

function renderHead(title: string, asset: WatchPage['asset']): Markup {
  return html`<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} · Reelmill</title>
<link rel="icon" type="image/svg+xml" href="${asset('icon.svg')}">
<link rel="stylesheet" href="${asset('player.css')}">
<link rel="stylesheet" href="${asset('watch.css')}">`;
}

function renderSignIn({ title, text }: { title: string; text: string }): Markup {
  return html`<section id="sign-in" class="card">
<h1>${title}</h1>
<p>${text}</p>
<form>
<label for="email">E-mail</label>
<input id="email" type="email" name="email" autocomplete="username" required>
<label for="password">Password</label>
<input id="password" type="password" name="password" autocomplete="current-password" required>
<p id="sign-in-problem" class="problem" role="alert"></p>
<button class="primary">Sign in</button>
</form>
</section>`;
}

/** The player fills it; until then it reserves the space of the picture. */
function renderPlayer(access: WatchAccess): Markup {
  return html`<section id="player" class="player" aria-label="Video player"${access === 'none' ? html` hidden` : ''}><div class="stage"></div></section>`;
}
