# Counts the words of a text.
class Wordbag
  def initialize(text)
    @counts = text.downcase.scan(/\w+/).tally
  end

  def size
    @counts.size
  end

  def repeated
    @counts.select { |_, n| n == 2 }.keys
  end
end
