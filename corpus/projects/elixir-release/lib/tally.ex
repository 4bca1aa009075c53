defmodule Tally do
  @moduledoc "Counts words."

  @words ~w(gull été tern gull été)

  def print do
    twice = @words |> Enum.frequencies() |> Enum.count(fn {_, times} -> times == 2 end)
    seal = :crypto.hash(:sha256, Enum.join(@words)) |> Base.encode16(case: :lower) |> binary_part(0, 4)
    IO.puts("#{length(@words)} words, #{twice} of them twice: é → #{seal}")
  end
end
