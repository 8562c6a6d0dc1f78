const colours = `
:root{--paper:#faf9f6;--card:#fff;--ink:#22262b;--soft:#5a6069;--line:#e3dfd6;--track:#ebe7de;--link:#1d5d8a;
--added:#176b3a;--changed:#835400;--removed:#ae2a22;--bar:#5f7f99;--added-wash:#e8f3eb;--removed-wash:#fbeae8;--changed-wash:#f8f0df}
@media (prefers-color-scheme:dark){:root{--paper:#15181b;--card:#1c2024;--ink:#e4e1da;--soft:#a3a9b0;--line:#31363c;--track:#2c3137;--link:#86bfe6;
--added:#74c996;--changed:#dfb463;--removed:#f2958b;--bar:#7d9db8;--added-wash:#1b2f23;--removed-wash:#3a2120;--changed-wash:#33291a}}`;

const text = `
*{box-sizing:border-box}
html{background:var(--paper);color:var(--ink);font:16px/1.55 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{overflow-wrap:break-word;margin:0 auto;max-width:68rem;padding:2.5rem 1.5rem 4rem}
h1,h2,h3,h4,p,ul,dl,figure,fieldset,pre{margin:0;padding:0}
h1{font:600 2.1rem/1.2 "Iowan Old Style","Palatino Linotype",Palatino,Charter,Georgia,serif;letter-spacing:-.01em;text-wrap:balance}
h2{font:600 1.35rem/1.3 "Iowan Old Style","Palatino Linotype",Palatino,Charter,Georgia,serif;margin:3rem 0 1rem}
code,pre,svg text{font-family:ui-monospace,"SF Mono",SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
code{font-size:.875em;overflow-wrap:anywhere}
a{color:var(--link);text-decoration-thickness:1px;text-underline-offset:.2em}
small,caption,li,h4,.says,.more,.same,.example{overflow-wrap:anywhere}
small,.more,.same{color:var(--soft);font-size:.875rem}
:focus-visible{outline:2px solid var(--link);outline-offset:3px;border-radius:3px}
h2:focus,main:focus{outline:none}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:1rem;top:-4rem;background:var(--card);padding:.5rem 1rem;border:1px solid var(--line);border-radius:6px}
.skip:focus{top:1rem;z-index:2}
.kicker{color:var(--soft);font-size:.8rem;letter-spacing:.09em;text-transform:uppercase;margin-bottom:.4rem}
.sides-compared{margin:.8rem 0 1.1rem}
.not-shown{color:var(--changed);margin:0 0 1.1rem}
.arrow{color:var(--soft);padding:0 .3rem}
nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1.4rem;list-style:none;font-size:.925rem}
header.page{border-bottom:1px solid var(--line);padding-bottom:1.4rem}
footer{margin-top:3.5rem;border-top:1px solid var(--line);padding-top:1rem;color:var(--soft);font-size:.875rem}
main>section>ul{padding-left:1.2rem}
main>section>details:not(.card) ul{padding-left:1.2rem;font-size:.925rem}
main>section>ul li{margin:.25rem 0}`;

const cards = `
.filter{display:flex;flex-wrap:wrap;gap:.4rem 1.2rem;margin:0 0 1.1rem;font-size:.925rem}
.filter>span{color:var(--soft)}
.filter label{display:flex;align-items:center;gap:.4rem}
.filter b{font-weight:400;color:var(--soft);font-variant-numeric:tabular-nums}
.filter input{accent-color:var(--link);width:1rem;height:1rem;margin:0}
@supports not selector(:has(*)){.filter{display:none}}
summary{cursor:pointer}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;margin:0 0 .6rem}
.card>summary{display:grid;grid-template-columns:1.5rem minmax(0,auto) minmax(0,1fr) auto;gap:.2rem .8rem;align-items:baseline;padding:.75rem 1.1rem;list-style:none}
.card>summary::-webkit-details-marker{display:none}
.card>summary:hover h3{text-decoration:underline;text-decoration-thickness:1px;text-underline-offset:.25em}
.card[open]>summary{border-bottom:1px solid var(--line)}
.card h3{font-size:1rem;font-weight:600}
.card h3 code{font-size:.95em}
.severity{color:var(--soft);font-size:.85rem;white-space:nowrap}
.is-access-lost .severity,.is-access-widened .severity{color:var(--removed);font-weight:600}
.sign{display:inline-block;width:1.4em;text-align:center;border-radius:4px;font:600 .95rem/1.4 ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.sign.added{color:var(--added);background:var(--added-wash)}
.sign.changed{color:var(--changed);background:var(--changed-wash)}
.sign.removed{color:var(--removed);background:var(--removed-wash)}
.change{padding:1.1rem 1.1rem 1.2rem}
.change+.change{border-top:1px solid var(--line)}
.change h4{font-size:1rem;font-weight:600}
.change h4 span{font-weight:400}
.facts .weighty{color:var(--ink);flex-basis:100%}
.facts{display:flex;flex-wrap:wrap;list-style:none;gap:.1rem 1.4rem;color:var(--soft);font-size:.9rem;margin:.15rem 0 .9rem}
.sides{display:grid;grid-template-columns:minmax(0,11fr) minmax(0,10fr);gap:1.2rem 2rem;align-items:start}
.example{margin-top:1rem;padding:.65rem .9rem;background:var(--paper);border-radius:6px;font-size:.925rem}
.example dl{display:grid;grid-template-columns:2.6rem minmax(0,1fr);margin-top:.15rem}
.example dt{color:var(--soft)}
.example dd{margin:0}
.finding>summary{grid-template-columns:minmax(0,1fr) auto}
.change dl.concerns{display:grid;grid-template-columns:5.6rem minmax(0,1fr);gap:.25rem .8rem;font-size:.925rem}
.concerns dt,.why{color:var(--soft)}
.concerns dd{margin:0;overflow-wrap:anywhere}
.why{margin-top:.9rem;font-size:.9rem;max-width:46rem}
.is-blocked .severity,.is-solved .solved{font-weight:600}
.is-blocked .severity{color:var(--removed)}
.is-solved .severity{color:var(--added)}`;

const tables = `
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft);font-size:.875rem;padding-bottom:.25rem}
.shares{width:100%;font-size:.925rem}
.shares+.shares,.same+.shares,.shares+.same{margin-top:1rem}
.shares th,.shares td{text-align:left;font-weight:400;padding:.38rem .7rem .38rem 0;border-top:1px solid var(--line);vertical-align:top}
.shares thead th{color:var(--soft);font-size:.8rem;border-top:0;padding-bottom:.2rem}
.shares td,.shares thead th+th{width:5.6rem;padding-right:.4rem}
.shares small{display:block;line-height:1.35}
.shares .gone code{color:var(--removed);text-decoration:line-through}
.shares .new code{color:var(--added)}
.shares .refused code,.refused .new code{color:var(--removed);text-decoration:none}
.none{color:var(--soft)}
.bar{display:block;margin-top:.2rem}
.bar rect{fill:var(--bar)}
.bar .track{fill:var(--track)}
.gone .bar rect:not(.track){fill:var(--removed)}
.new .bar rect:not(.track){fill:var(--added)}
.refused .bar rect:not(.track){fill:var(--removed)}
.scroll{position:relative;overflow-x:auto;max-width:100%}
.matrix{font-size:.9rem;min-width:min(100%,26rem)}
.matrix th,.matrix td{padding:.25rem .6rem;border-bottom:1px solid var(--line);text-align:center;font-weight:400}
.matrix th:first-child{text-align:left;position:sticky;left:0;background:var(--paper);padding-left:0;max-width:18rem}
.matrix thead th{color:var(--soft);font-size:.8rem;vertical-align:bottom;white-space:nowrap}
.matrix.dense thead th+th span{writing-mode:vertical-rl;transform:rotate(180deg)}
.matrix.dense td,.matrix.dense th+th{padding-left:.2rem;padding-right:.2rem}
details:not(.card)>summary{font-size:.925rem;color:var(--link);padding:.2rem 0}
.rules{margin-top:.8rem}
main>section>.group{margin:.3rem 0}
main>section>.group h4{font:600 .85rem/1.4 ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;margin-top:1rem;overflow-wrap:anywhere}
pre{overflow-x:auto;font-size:.8rem;line-height:1.6;margin-top:.4rem;padding:.6rem .8rem;background:var(--paper);border:1px solid var(--line);border-radius:6px}
main>section>.group pre{background:var(--card)}
ins,del{text-decoration:none}
ins{color:var(--added)}
del{color:var(--removed)}`;

const pictures = `
.paths{display:grid;gap:.6rem}
figcaption{color:var(--soft);font-size:.8rem}
figure svg{display:block;max-width:100%;height:auto}
svg text{fill:var(--ink);font-size:11px}
svg text.from{fill:var(--soft)}
figure rect{fill:var(--card);stroke:var(--soft)}
figure rect.vip{fill:var(--paper)}
figure path{fill:none;stroke:var(--bar)}
rect.gone,path.gone,rect.refused,path.refused{stroke:var(--removed)}
rect.gone,path.gone{stroke-dasharray:4 3}
rect.new,path.new{stroke:var(--added)}
rect.none,path.none{stroke-dasharray:2 3}`;

const screens = `
@media (max-width:46rem){body{padding:1.5rem 1rem 3rem}h1{font-size:1.6rem}.sides{grid-template-columns:minmax(0,1fr)}
.card>summary{grid-template-columns:1.5rem minmax(0,1fr);padding:.7rem .8rem}.card>summary .says,.card>summary .severity{grid-column:2}.change{padding:.9rem .8rem 1rem}
.finding>summary{grid-template-columns:minmax(0,1fr)}.finding>summary .severity{grid-column:1;white-space:normal}.change dl.concerns{grid-template-columns:minmax(0,1fr);gap:0}.concerns dd{margin-bottom:.4rem}
.shares td,.shares thead th+th{width:4.6rem}}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
@media (forced-colors:active){.sign{border:1px solid}.bar rect,figure rect,figure path{forced-color-adjust:none}}
@media print{:root{--paper:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;--track:#ddd;--link:#000;--added:#0b5c2c;--changed:#6b4500;--removed:#9b1c15;--bar:#555;--added-wash:#fff;--removed-wash:#fff;--changed-wash:#fff}
html{font-size:11pt}body{max-width:none;padding:0}.filter,nav,.skip{display:none}.card>summary,tr,figure,.example{break-inside:avoid}h2,h4{break-after:avoid}
details::details-content{content-visibility:visible;display:block}pre{white-space:pre-wrap;overflow-wrap:anywhere}.scroll{overflow:visible}}`;

/** The style of every page, ASCII only. */
export const pageStyle = [colours, text, cards, tables, pictures, screens].join("\n");
