import js from "@eslint/js";
import reactHooks from "eslint-plugin-react-hooks";
import globals from "globals";
import tseslint from "typescript-eslint";

export default tseslint.config(
    { ignores: ["node_modules"] },
    js.configs.recommended,
    {
        files: ["**/*.{ts,tsx}"],
        extends: [...tseslint.configs.strictTypeChecked, reactHooks.configs.flat.recommended],
        languageOptions: { parserOptions: { projectService: true } },
        rules: {
            "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
        },
    },
    {
        files: ["**/*.mjs"],
        languageOptions: { globals: { ...globals.node, document: "readonly", window: "readonly" } },
    },
);
