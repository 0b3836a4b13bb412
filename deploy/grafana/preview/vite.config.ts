import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const to = process.env.PROMETHEUS;

export default defineConfig({
  plugins: [react()],
  define: { 'process.env': {}, global: 'globalThis' },
  build: { chunkSizeWarningLimit: 20000 },
  preview: { host: '127.0.0.1', proxy: to ? { '/api': to } : {} },
});
