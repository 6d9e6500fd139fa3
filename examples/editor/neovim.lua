-- Policies, their tests and contexts are checked while they are written.
vim.lsp.config("yamlls", {
  settings = {
    yaml = {
      schemas = {
        ["./policy-test.schema.json"] = "policies/**/*_test.yaml",
        ["./policy.schema.json"] = { "policies/**/*.yaml", "!policies/**/*_test.yaml" },
      },
    },
  },
})
vim.lsp.enable("yamlls")

-- On saving, `policy-engine fmt` writes the document in one way.
vim.api.nvim_create_autocmd("BufWritePost", {
  pattern = "*/policies/*.yaml",
  callback = function(event)
    vim.system({ "policy-engine", "fmt", event.file }, {}, vim.schedule_wrap(function() vim.cmd.checktime() end))
  end,
})
