# frozen_string_literal: true

module LlmPolicyEngine
  # What holds an object of the native library. What nobody closes is freed when it is garbage.
  module Closeable
    # Frees it. Calls that are under way finish, later ones raise Closed; closing twice does nothing.
    def close
      @native.shut_down
    end
  end
end
