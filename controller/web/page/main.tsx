/** The page's first line: draws it into the one element that index.html has. */

import { render } from 'preact';

const root = document.getElementById('page');
if (root !== null) render(<main>hotdesk</main>, root);
