require "minitest/autorun"
require_relative "../lib/wordbag"

class WordbagTest < Minitest::Test
  def test_repeated
    assert_equal %w[x], Wordbag.new("x y X").repeated
  end
end
