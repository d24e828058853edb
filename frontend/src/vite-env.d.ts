/// <reference types="vite/client" />

interface ImportMetaEnv {
  /** The address of the API where the page is hosted elsewhere, such as `https://api.example.com`. */
  readonly VITE_API_URL?: string;
}
