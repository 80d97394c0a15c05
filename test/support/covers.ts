const SKIES = ['#2f4858', '#5b6c5d', '#a4443a', '#3b4a8a', '#7a5c2e', '#4b3b5c', '#2e6f73', '#8a6d74'];
const LANDS = ['#f2c14e', '#d9b08c', '#f7f0d8', '#9fb8ad', '#e0c9a6', '#c8553d', '#f0e6d2', '#b7c9e2'];

/** A picture that could be the cover of a film, another one for each number. */
export function drawCover(number: number): string {
  const sky = SKIES[number % SKIES.length];
  const land = LANDS[(number * 3 + 1) % LANDS.length];
  const sun = 60 + ((number * 97) % 200);
  const hill = 110 + ((number * 31) % 40);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 180" preserveAspectRatio="xMidYMid slice">
    <rect width="320" height="180" fill="${sky}"/>
    <circle cx="${sun}" cy="70" r="26" fill="${land}"/>
    <path d="M0 ${hill} Q 90 ${hill - 50} 180 ${hill} T 320 ${hill - 10} V 180 H 0 Z" fill="${land}" opacity=".55"/>
    <path d="M0 ${hill + 30} Q 110 ${hill - 5} 220 ${hill + 25} T 320 ${hill + 10} V 180 H 0 Z" fill="#1b1c1f" opacity=".45"/>
  </svg>`;
}
