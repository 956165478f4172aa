/** The reference page's style sheet. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#ffffff, #14171c);
  --side: light-dark(#f6f7f9, #191d24);
  --ink: light-dark(#1b2430, #dfe5ec);
  --soft: light-dark(#5b6775, #98a4b3);
  --line: light-dark(#dde2e8, #2b323c);
  --code: light-dark(#f1f3f6, #1f252e);
  --link: light-dark(#0b5cad, #7db8f5);
  --get: light-dark(#0a6b3d, #57cf93);
  --post: light-dark(#0b5cad, #7db8f5);
  --put: light-dark(#8a5300, #efb65e);
  --delete: light-dark(#b3261e, #ff8f86);
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; display: grid; grid-template-columns: 21rem minmax(0, 1fr); }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: .5rem 1rem; z-index: 1; }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.5rem 1.25rem; background: var(--side); border-right: 1px solid var(--line); font-size: .875rem; }
nav h2 { margin: 1.25rem 0 .25rem; font-size: .75rem; letter-spacing: .06em; text-transform: uppercase; color: var(--soft); }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li a { display: flex; gap: .6rem; align-items: baseline; padding: .2rem 0; color: var(--ink); }
nav li a > :last-child { min-width: 0; overflow-wrap: anywhere; }
nav .method { flex: 0 0 3.1rem; }
main { padding: 2rem clamp(1rem, 4vw, 3.5rem) 6rem; max-width: 64rem; }
h1 { margin: 0; font-size: 2rem; line-height: 1.2; }
h2.family { margin: 3rem 0 .25rem; font-size: 1.4rem; }
h4 { margin: 1.5rem 0 .35rem; font-size: .95rem; }
.lead { font-size: 1.1rem; margin-top: .5rem; }
.soft { color: var(--soft); }
.method { font: 600 .75rem/1 ui-monospace, monospace; }
.get { color: var(--get); } .post { color: var(--post); } .put { color: var(--put); } .delete { color: var(--delete); }
details.operation { border: 1px solid var(--line); border-radius: 8px; margin: .75rem 0; }
details.operation > summary { cursor: pointer; padding: .75rem 1rem; display: grid; grid-template-columns: 4rem minmax(0, 1fr); gap: .1rem .5rem; align-items: baseline; list-style: none; border-radius: 8px; }
details.operation > summary::-webkit-details-marker { display: none; }
details.operation > summary:hover { background: var(--side); }
details.operation > summary h3 { margin: 0; font: 600 .95rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
details.operation > summary p { margin: 0; grid-column: 2; color: var(--soft); font-size: .925rem; }
.inside { padding: 0 1rem 1.25rem; border-top: 1px solid var(--line); }
.badge { display: inline-block; font-size: .75rem; border: 1px solid var(--line); border-radius: 99px; padding: 0 .6rem; color: var(--soft); margin-right: .4rem; }
table { border-collapse: collapse; table-layout: fixed; width: 100%; font-size: .875rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { font-weight: 600; color: var(--soft); }
th:first-child { width: 14rem; }
code, pre, textarea, .fields code { font: .8125rem/1.5 ui-monospace, monospace; }
:not(pre) > code { background: var(--code); border-radius: 4px; padding: .05rem .3rem; }
pre { background: var(--code); border-radius: 6px; padding: .8rem 1rem; margin: .4rem 0; overflow: auto; max-height: 26rem; }
ul.fields { list-style: none; margin: .25rem 0; padding: 0; font-size: .875rem; }
ul.fields ul.fields { margin-left: .4rem; padding-left: .9rem; border-left: 1px solid var(--line); }
ul.fields li { padding: .2rem 0; }
.type { color: var(--soft); }
.must { color: var(--delete); font-size: .75rem; }
input, textarea { width: 100%; font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: .4rem .6rem; }
textarea { min-height: 9rem; font: .8125rem/1.5 ui-monospace, monospace; }
button { font: inherit; font-weight: 600; color: var(--paper); background: var(--link); border: 0; border-radius: 6px; padding: .45rem 1rem; cursor: pointer; }
form.try { display: grid; gap: .6rem; margin-top: .5rem; }
form.try label, .key label { display: grid; gap: .2rem; font-size: .8125rem; color: var(--soft); }
form.key { max-width: 28rem; margin: 1.5rem 0; }
[hidden] { display: none !important; }
@media (max-width: 52rem) { body { display: block; } nav { position: static; height: auto; max-height: 45vh; border-right: 0; border-bottom: 1px solid var(--line); } th:first-child { width: 7rem; } }
@media print { nav, form.try, form.key, h4.try { display: none; } body { display: block; } }
`;
