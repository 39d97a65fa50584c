/** The page's first lines: its theme, then all of it into the one element that index.html has. */

import { render } from 'preact';
import { Page } from './app.tsx';
import { keepTheme, readTheme } from './preferences.ts';

keepTheme(readTheme());
const root = document.getElementById('page');
if (root !== null) render(<Page />, root);
